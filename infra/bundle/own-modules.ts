import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

/**
 * Leaves out of the bundles what the contract says for its readers only: a function parses requests, and what it answers
 * TypeScript has checked. Which answers and errors a route has, its summary, and the titles and descriptions of
 * schemas serve the description of the API and its clients, which are made when the service is built. A function that
 * read them after all would find them missing at its first request.
 *
 * What no route of a function needs then goes too: making a schema changes nothing else, so a schema that nobody uses is
 * marked as one that need not be made. esbuild cannot know that of calls.
 */
export const withoutDescription: Plugin = {
  name: 'without-description',
  setup(build) {
    const root = build.initialOptions.absWorkingDir ?? process.cwd();
    build.onLoad({ filter: TYPESCRIPT }, async ({ path }) => {
      const own = relative(root, path).split(sep).join('/');
      if (!own.startsWith('lib/')) return undefined;
      return { contents: forFunctions(own, await readFile(path, 'utf8')), loader: 'ts' };
    });
  },
};

const TYPESCRIPT = /\.ts$/;

/** What `route` is told, and nothing at run time asks of it. */
const FOR_READERS = ['answers', 'errors', 'summary'];

/** A piece of text to put in place of another. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A module of ours, by its path in the project, as the functions get it. */
export function forFunctions(path: string, source: string): string {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const edits = [
    ...file.statements.flatMap(markedUnneeded),
    ...(path.startsWith('lib/contract/') ? descriptions(file) : []),
  ];
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end),
      source,
    );
}

/** `const x = f();` becomes `const x = /* @__PURE__ *\/ (() => f())();`, which esbuild drops when nobody uses x. */
function markedUnneeded(statement: ts.Statement): Edit[] {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ initializer }) => {
    if (initializer === undefined || !calls(initializer)) return [];
    const [start, end] = [initializer.getStart(), initializer.end];
    return [
      { start, end: start, text: '/* @__PURE__ */ (() => (' },
      { start: end, end, text: '))()' },
    ];
  });
}

/** Whether evaluating this calls anything; what a function of it would call is not called yet. */
function calls(node: ts.Node): boolean {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => calls(child) || undefined) ?? false;
}

function descriptions(node: ts.Node): Edit[] {
  const inside: Edit[] = [];
  ts.forEachChild(node, (child) => {
    inside.push(...(descriptionOf(child) ?? descriptions(child)));
  });
  return inside;
}

/** What to leave out of this very node, or undefined where only its parts may have something. */
function descriptionOf(node: ts.Node): Edit[] | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    if (name.text !== 'meta' || node.arguments.length === 0) return undefined;
    const meta = { start: expression.end, end: node.end, text: '' };
    return [meta, ...(descriptionOf(expression) ?? descriptions(expression))];
  }
  if (ts.isPropertyAssignment(node) && isOfRoute(node.parent)) {
    return FOR_READERS.includes(node.name.getText())
      ? [{ start: node.getStart(), end: node.end, text: '...{}' }]
      : undefined;
  }
  return undefined;
}

function isOfRoute(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isCallExpression(parent) && parent.expression.getText() === 'route';
}
