import * as z from 'zod';

export interface CallOptions {
  readonly token?: string;
  /** Idempotency-Key. */
  readonly key?: string;
  readonly body?: object;
  /** A file, in place of a body. */
  readonly csv?: string;
  /** The fields of the answer that the story is about, such as `totals.sold`; all when absent. */
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
        ...(options.csv !== undefined && { body: options.csv }),
      });
      const isFile = response.headers.get('content-type')?.startsWith('text/csv') ?? false;
      const answer: unknown = isFile ? await response.text() : await response.json();
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
        const sent = options.csv ?? (options.body && JSON.stringify(options.body));
        if (sent !== undefined) write(`${indent(sent.trimEnd(), '   > ')}\n`);
        write(`   ${response.status}${replayed}\n${indent(render(answer, options), '   < ')}\n`);
      }
      return answer;
    },
  };
}

function headersOf(options: CallOptions): Record<string, string> {
  return {
    ...(options.body && { 'content-type': 'application/json' }),
    ...(options.csv !== undefined && { 'content-type': 'text/csv' }),
    ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    ...(options.key !== undefined && { 'idempotency-key': options.key }),
  };
}

const record = z.record(z.string(), z.unknown());

function render(answer: unknown, options: CallOptions): string {
  // Files end their lines as spreadsheets like it.
  if (typeof answer === 'string') return answer.trimEnd().replaceAll('\r\n', '\n');
  const fields = record.parse(answer);
  const names = options.fields ?? Object.keys(fields);
  return names.map((name) => renderField(name, fieldOf(fields, name), options.columns)).join('\n');
}

function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  const [first = '', ...rest] = name.split('.');
  const value = fields[first];
  return rest.length === 0 ? value : fieldOf(record.parse(value), rest.join('.'));
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
