import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { LocalStackError } from '#infra/local/local-stack-error';

/** What the stack keeps, by file. `queues.sqlite` is named by the queues themselves. */
export interface DataFiles {
  readonly directory: string;
  readonly state: string;
  readonly table: string;
  readonly logs: string;
  /** Files in buckets. */
  readonly objects: string;
}

/** Makes the data directory and checks that it can be written. Throws `LocalStackError`. */
export function prepareDataDirectory(path: string): DataFiles {
  const directory = resolve(path);
  try {
    makeFolder(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new LocalStackError(
      `The data directory ${directory} cannot be written: choose another with DATA_DIR=...`,
      { cause },
    );
  }
  return {
    directory,
    state: join(directory, 'state.sqlite'),
    table: join(directory, 'table.db'),
    logs: join(directory, 'logs'),
    objects: join(directory, 'objects'),
  };
}

/** Not `recursive`: where a file system takes no folders (/proc), Node then tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

const OWN_FILES =
  /^(?:state\.sqlite|queues\.sqlite|table\.db|logs|objects)(?:-(?:wal|shm|journal)|\.pid)?$/;

/** Removes what the stack wrote and nothing else: `DATA_DIR` may be a folder with other things in it. */
export function clearDataDirectory({ directory }: DataFiles): void {
  for (const name of readdirSync(directory)) {
    if (OWN_FILES.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
