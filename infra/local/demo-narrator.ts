import * as z from 'zod';

export interface CallOptions {
  readonly token?: string;
  /** Idempotency-Key. */
  readonly key?: string;
  readonly body?: object;
  /** The fields of the answer that the story is about; all when absent. */
  readonly fields?: readonly string[];
  /** The columns in which a list is shown. */
  readonly columns?: readonly string[];
  /** The status that the story needs; any success when absent. */
  readonly expect?: number;
  /** Nothing is shown: the call is the stage's business. */
  readonly quiet?: boolean;
}

/** Tells a story of requests in the terminal. A call that is not answered as the story says ends it. */
export interface Narrator {
  readonly say: (text: string) => void;
  readonly show: (title: string, text: string) => void;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<unknown>;
}

export function createNarrator(stage: {
  readonly url: string;
  readonly write: (text: string) => void;
}): Narrator {
  const { url, write } = stage;
  let step = 0;
  return {
    say(text) {
      step += 1;
      write(`\n${step}. ${text}\n`);
    },
    show: (title, text) => write(`\n   ${title}:\n${indent(text.trimEnd(), '   | ')}\n`),
    async call(method, path, options = {}) {
      const response = await fetch(url + path, {
        method,
        headers: headersOf(options),
        ...(options.body && { body: JSON.stringify(options.body) }),
      });
      const answer: unknown = await response.json();
      const asTold =
        options.expect === undefined ? response.ok : response.status === options.expect;
      if (!asTold) {
        throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
      }
      if (!options.quiet) {
        const replayed = response.headers.has('idempotent-replayed')
          ? ' Idempotent-Replayed: true'
          : '';
        const key = options.key === undefined ? '' : `  Idempotency-Key: ${options.key}`;
        write(`\n   ${method} ${path}${key}\n`);
        if (options.body) write(`${indent(JSON.stringify(options.body), '   > ')}\n`);
        write(`   ${response.status}${replayed}\n${indent(render(answer, options), '   < ')}\n`);
      }
      return answer;
    },
  };
}

function headersOf(options: CallOptions): Record<string, string> {
  return {
    ...(options.body && { 'content-type': 'application/json' }),
    ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    ...(options.key !== undefined && { 'idempotency-key': options.key }),
  };
}

const record = z.record(z.string(), z.unknown());

function render(answer: unknown, options: CallOptions): string {
  const fields = record.parse(answer);
  const names = options.fields ?? Object.keys(fields);
  return names.map((name) => renderField(name, fields[name], options.columns)).join('\n');
}

function renderField(name: string, value: unknown, columns: readonly string[] | undefined): string {
  const rows = z.array(record).safeParse(value);
  if (!rows.success) return `${name}: ${JSON.stringify(value)}`;
  const shown = rows.data.map((row) =>
    Object.entries(row)
      .filter(([column]) => columns?.includes(column) ?? true)
      .map(([column, cell]) => `${column} ${JSON.stringify(cell)}`)
      .join('  '),
  );
  return [`${name}:`, ...shown.map((row) => `  ${row}`)].join('\n');
}

function indent(text: string, margin: string): string {
  return text
    .split('\n')
    .map((line) => margin + line)
    .join('\n');
}
