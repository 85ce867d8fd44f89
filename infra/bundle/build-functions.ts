import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import * as z from 'zod';
import { eventSchemasDocument } from '#lib/contract/event-schemas';
import { openapiDocument } from '#lib/contract/openapi';
import { allRoutes, routes } from '#lib/contract/routes';
import { invariant } from '#lib/invariant';
import { withoutUnreached } from '#infra/bundle/left-out';
import { ownModules } from '#infra/bundle/own-modules';
import { withoutJsonSchema } from '#infra/bundle/without-json-schema';

/** The function that answers `GET /openapi.json` and `GET /events.json`, from the files beside its code. */
const DESCRIBED_BY = routes.getOpenapi.function;
const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface FunctionBundle {
  /** The folder under `functions/`, its slashes as hyphens: `webhooks/stripe` is `webhooks-stripe`. */
  readonly name: string;
  /** The folder that becomes the Lambda's code: `.build/functions/<name>`. */
  readonly directory: string;
  readonly bytes: number;
}

export interface BuildFunctionsOptions {
  /** Writes source maps beside the bundles. Off, because reading them costs a fifth of a cold start. */
  readonly sourcemap?: boolean;
}

/**
 * Bundles every folder of `functions/` that has a `handler.ts` into `.build/functions/<name>/index.js` (exports
 * `handler`) and writes what each bundle is made of to `.build/meta/<name>.json`, in esbuild's metafile format.
 * A file whose content stays the same is not touched, and no reader ever sees half of one.
 */
export async function buildFunctions(
  options: BuildFunctionsOptions = {},
): Promise<readonly FunctionBundle[]> {
  const names = new Map(
    (await handlerFolders()).map((folder) => [folder.split(sep).join('-'), folder]),
  );
  const built = await build(bundleOptions(names, options));
  await Promise.all(built.outputFiles.map((file) => writeWhole(file.path, file.contents)));
  await Promise.all(
    [...names.keys()].map((name) => writeMetafile(name, metafileOf(name, built.metafile))),
  );
  if (names.has(DESCRIBED_BY)) await writeDescription();
  await removeOthers('.build/functions', (entry) => names.has(entry));
  await removeOthers('.build/meta', (entry) => names.has(entry.replace(/\.json$/, '')));
  return [...names.keys()].map((name) => ({
    name,
    directory: join(projectRoot, '.build/functions', name),
    bytes: built.metafile.outputs[outputPath(name)]?.bytes ?? 0,
  }));
}

/** How a Lambda is bundled, whatever is in it. */
export const bundling = {
  absWorkingDir: projectRoot,
  bundle: true,
  minify: true,
  // On purpose: in an ES module esbuild hoists every lazy builtin import to the start of the function.
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  // Without this order the packages' CommonJS builds are taken, and nothing in them can be shaken off.
  mainFields: ['module', 'main'],
  alias: {
    '@aws-sdk/credential-provider-node': join(
      projectRoot,
      'infra/bundle/environment-credentials.ts',
    ),
  },
  plugins: [withoutUnreached, ownModules, withoutJsonSchema],
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

function bundleOptions(names: ReadonlyMap<string, string>, options: BuildFunctionsOptions) {
  return {
    ...bundling,
    entryPoints: [...names].map(([name, folder]) => ({
      in: join(projectRoot, 'functions', folder, 'handler.ts'),
      out: join(name, 'index'),
    })),
    outdir: join(projectRoot, '.build/functions'),
    sourcemap: options.sourcemap ?? false,
    metafile: true,
    write: false,
  } satisfies BuildOptions & { readonly metafile: true; readonly write: false };
}

async function handlerFolders(): Promise<string[]> {
  const functions = join(projectRoot, 'functions');
  const files = await readdir(functions, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name === 'handler.ts')
    .map((file) => relative(functions, file.parentPath))
    .sort();
}

/** The descriptions of the API and of its events are made here, so that no function has to carry what generates it. */
async function writeDescription(): Promise<void> {
  const manifest = await readFile(join(projectRoot, 'package.json'), 'utf8');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
  const folder = join(projectRoot, '.build/functions', DESCRIBED_BY);
  const documents = {
    'openapi.json': openapiDocument(allRoutes, { version }),
    'events.json': eventSchemasDocument(),
  };
  for (const [name, document] of Object.entries(documents)) {
    await writeWhole(join(folder, name), Buffer.from(JSON.stringify(document)));
  }
}

/** The part of the common metafile that is about one bundle, so that a question about it needs one file. */
function metafileOf(name: string, metafile: Metafile): Metafile {
  const output = metafile.outputs[outputPath(name)];
  invariant(output !== undefined, `${name} has been built`);
  const inputs = Object.fromEntries(
    Object.keys(output.inputs).flatMap((path) => {
      const input = metafile.inputs[path];
      return input === undefined ? [] : [[path, input]];
    }),
  );
  return { inputs, outputs: { [outputPath(name)]: output } };
}

function outputPath(name: string): string {
  return `.build/functions/${name}/index.js`;
}

async function writeMetafile(name: string, metafile: Metafile): Promise<void> {
  const path = join(projectRoot, '.build/meta', `${name}.json`);
  await writeWhole(path, Buffer.from(JSON.stringify(metafile)));
}

async function writeWhole(path: string, contents: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents) === true) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, path);
}

/** A function that was renamed or removed must not stay deployable. */
async function removeOthers(folder: string, keep: (entry: string) => boolean): Promise<void> {
  const path = join(projectRoot, folder);
  const entries = await readdir(path).catch(() => []);
  await Promise.all(
    entries
      .filter((entry) => !keep(entry) && !/\.\d+$/.test(entry))
      .map((entry) => rm(join(path, entry), { recursive: true, force: true })),
  );
}
