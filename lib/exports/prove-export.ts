import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/*
 * Proves an export of transactions (`format=jsonl`) on any machine, from the file alone:
 *
 *   node lib/exports/prove-export.ts entries.jsonl [earlier.jsonl]
 *
 * It takes nobody's word, the ledger's own code included: it is this one file, and what it does is arithmetic that a
 * page of any language can do. Within the file, no entry can be changed, added, left out or moved without its saying
 * so. Who can write the whole table could still number and hash a wallet anew from some entry on; an earlier export,
 * kept where they can't write, shows that.
 */

/** One entry of the file, and whether its hash is that of what it says. */
export interface ExportedEntry {
  readonly wallet: string;
  readonly id: string;
  readonly seq: number;
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly honest: boolean;
}

export interface Proof {
  readonly wallets: number;
  readonly entries: number;
  /** Balances of all wallets, at the last entry of each. */
  readonly credits: number;
  /** Each names its wallet and number; none if everything follows. */
  readonly problems: readonly string[];
}

/** Reads one line of an export; throws if it is no entry. */
export function readExported(line: string): ExportedEntry {
  const document: unknown = JSON.parse(line);
  if (!isObject(document)) throw new TypeError('it should be a JSON object');
  const { hash, ...hashed } = document;
  const text = (name: string) => {
    const value = document[name];
    if (typeof value !== 'string') throw new TypeError(`${name} should be a text`);
    return value;
  };
  const whole = (name: string) => {
    const value = document[name];
    if (!Number.isSafeInteger(value)) throw new TypeError(`${name} should be a whole number`);
    return Number(value);
  };
  return {
    wallet: `${text('user_id')}/${text('credit_type')}`,
    id: text('id'),
    seq: whole('seq'),
    amount: whole('amount'),
    balanceBefore: whole('balance_before'),
    balanceAfter: whole('balance_after'),
    prevHash: text('prev_hash'),
    hash: text('hash'),
    honest: createHash('sha256').update(canonical(hashed)).digest('base64url') === hash,
  };
}

/** JSON with the names of each object in code unit order and no blanks (RFC 8785), in UTF-8: the bytes that are hashed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/**
 * Follows each wallet from its first entry in the file to its last. A file that begins later than a wallet does proves
 * it from there on, and takes the balance before for granted.
 */
export function prove(
  entries: readonly ExportedEntry[],
  earlier: readonly ExportedEntry[] = [],
): Proof {
  const wallets = Map.groupBy(entries, ({ wallet }) => wallet);
  const problems = repeatedIds(entries);
  let credits = 0;
  for (const list of wallets.values()) {
    const inOrder = list.toSorted((a, b) => a.seq - b.seq);
    problems.push(...inOrder.flatMap((entry, index) => faultsOf(entry, inOrder[index - 1])));
    credits += inOrder.at(-1)?.balanceAfter ?? 0;
  }
  problems.push(...changesSince(earlier, entries));
  return { wallets: wallets.size, entries: entries.length, credits, problems };
}

function faultsOf(entry: ExportedEntry, previous: ExportedEntry | undefined): string[] {
  const rules: [boolean, string][] = [
    [entry.honest, 'does not say what its hash says'],
    [entry.balanceAfter === entry.balanceBefore + entry.amount, 'is added up wrongly'],
    [entry.balanceAfter >= 0, 'leaves less than nothing'],
  ];
  if (previous) {
    rules.push(
      [entry.seq !== previous.seq, 'is there twice'],
      [entry.seq <= previous.seq + 1, `comes after ${previous.seq}: what lies between is missing`],
      [entry.prevHash === previous.hash, 'was not written after the entry before it'],
      [entry.balanceBefore === previous.balanceAfter, 'begins with another balance'],
    );
  } else if (entry.seq === 1) {
    rules.push([
      entry.prevHash === '' && entry.balanceBefore === 0,
      'is not the first of a wallet',
    ]);
  }
  return rules.flatMap(([holds, fault]) => (holds ? [] : [`${nameOf(entry)} ${fault}`]));
}

function repeatedIds(entries: readonly ExportedEntry[]): string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    if (seen.has(entry.id)) return [`${nameOf(entry)} has an id that another entry has`];
    seen.add(entry.id);
    return [];
  });
}

/** What an earlier export shows of the same wallets has to be there still, to the byte. */
function changesSince(earlier: readonly ExportedEntry[], now: readonly ExportedEntry[]): string[] {
  const hashes = new Map(now.map((entry) => [nameOf(entry), entry.hash]));
  return earlier.flatMap((entry) => {
    const hash = hashes.get(nameOf(entry));
    if (hash === entry.hash) return [];
    return [
      `${nameOf(entry)} ${hash === undefined ? 'is gone' : 'was another'} since the earlier file`,
    ];
  });
}

function nameOf({ seq, wallet }: ExportedEntry): string {
  return `${wallet} ${seq}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readExport(file: string): Promise<ExportedEntry[]> {
  const entries: ExportedEntry[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
    number += 1;
    try {
      entries.push(readExported(line));
    } catch (error) {
      throw new Error(
        `${file}, line ${number} is no entry of an export: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  return entries;
}

const SHOWN_MAX = 100;

/** Prints what the files prove, and answers the code to exit with. */
async function main([file, earlier]: readonly string[]): Promise<number> {
  if (file === undefined) {
    process.stderr.write('usage: npm run prove -- entries.jsonl [earlier.jsonl]\n');
    return 2;
  }
  const proof = prove(
    await readExport(file),
    earlier === undefined ? [] : await readExport(earlier),
  );
  const { credits, entries, problems, wallets } = proof;
  const counts = `wallets ${wallets}  entries ${entries}  credits ${credits}`;
  const lines = [`${counts}  problems ${problems.length}`, ...problems.slice(0, SHOWN_MAX)];
  process.stdout.write(`${lines.join('\n')}\n`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}
