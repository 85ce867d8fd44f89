import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

/**
 * Our own modules as the functions get them, so that a start does no more than its first request needs:
 *
 * - What the contract says for its readers only is left out. A function parses requests, and what it answers TypeScript
 *   has checked; which answers and errors a route has, its summary, and the titles and descriptions of schemas serve
 *   the description of the API and its clients, which are made when the service is built.
 * - Schemas are made when they are first looked at (`later`). Every function carries those of all records and of all its
 *   routes, more than a thousand in `service`, and a request looks at some dozens.
 * - What nobody uses goes too: making it changes nothing else. esbuild cannot know that of calls, so they are marked.
 */
export const ownModules: Plugin = {
  name: 'own-modules',
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

/** Where in a module a node stands. */
interface Place {
  readonly isContract: boolean;
  /** Reached whenever the module loads, and no part of another schema. */
  readonly isMadeAtStart: boolean;
}

/** A module of ours, by its path in the project, as the functions get it. */
export function forFunctions(path: string, source: string): string {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const isContract = path.startsWith('lib/contract/');
  // Of two that begin at one place, the later one comes to stand before the other, around it.
  const edits = file.statements.flatMap((statement) => [
    ...within(statement, { isContract, isMadeAtStart: ts.isVariableStatement(statement) }),
    ...markedUnneeded(statement),
  ]);
  const text = edits
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end),
      source,
    );
  return edits.some(({ text }) => text === LATER) ? `${IMPORT_LATER}\n${text}` : text;
}

const LATER = '/* @__PURE__ */ $later(() => ';
const IMPORT_LATER = `import { later as $later } from '#infra/bundle/later';`;

/** `const x = f();` becomes `const x = /* @__PURE__ *\/ (() => f())();`, which esbuild drops when nobody uses x. */
function markedUnneeded(statement: ts.Statement): Edit[] {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ initializer }) => {
    if (initializer === undefined || !calls(initializer) || isSchema(initializer)) return [];
    return around(initializer, '/* @__PURE__ */ (() => (', '))()');
  });
}

/** Whether evaluating this calls anything; what a function of it would call is not called yet. */
function calls(node: ts.Node): boolean {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => calls(child) || undefined) ?? false;
}

function within(node: ts.Node, place: Place): Edit[] {
  const edits: Edit[] = [];
  ts.forEachChild(node, (child) => {
    edits.push(...editsOf(child, place));
  });
  return edits;
}

function editsOf(node: ts.Node, place: Place): Edit[] {
  if (place.isContract && isForReaders(node)) {
    return [{ start: node.getStart(), end: node.end, text: '...{}' }];
  }
  if (place.isContract && isMeta(node)) {
    const schema = node.expression.expression;
    return [{ start: schema.end, end: node.end, text: '' }, ...editsOf(schema, place)];
  }
  if (ts.isFunctionLike(node)) return within(node, { ...place, isMadeAtStart: false });
  if (!place.isMadeAtStart || !isSchema(node)) return within(node, place);
  return [...around(node, LATER, ')'), ...within(node, { ...place, isMadeAtStart: false })];
}

/** A property of a route that serves its readers. */
function isForReaders(node: ts.Node): boolean {
  if (!ts.isPropertyAssignment(node) || !FOR_READERS.includes(node.name.getText())) return false;
  const { parent } = node.parent;
  return ts.isCallExpression(parent) && parent.expression.getText() === 'route';
}

/** `schema.meta(...)`. */
function isMeta(
  node: ts.Node,
): node is ts.CallExpression & { readonly expression: ts.PropertyAccessExpression } {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return node.expression.name.text === 'meta' && node.arguments.length > 0;
}

/** A call of zod, or of a method of what that makes: `z.string()`, `z.iso.date().optional()`; but not what it parsed. */
function isSchema(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    !/parse/i.test(node.expression.name.text) &&
    beginsWithZod(node.expression)
  );
}

function beginsWithZod(node: ts.Expression): boolean {
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) {
    return beginsWithZod(node.expression);
  }
  return ts.isIdentifier(node) && node.text === 'z';
}

function around(node: ts.Node, before: string, after: string): Edit[] {
  const [start, end] = [node.getStart(), node.end];
  return [
    { start, end: start, text: before },
    { start: end, end, text: after },
  ];
}
