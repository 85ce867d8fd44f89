import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { startStack, type Stack } from '#infra/local/stack';
import { scanLogs } from '#tests/support/log-scan';

/** The whole product on this machine, as a client sees it: HTTP and nothing else. */
export interface TestStack {
  readonly url: string;
  readonly stack: Stack;
  /** A token as the local issuer gives it. `email` signs a new user up first. */
  token(claims: object): Promise<string>;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** As `send`, and again after `Retry-After` while the answer is 503, as clients are told. */
  sendUntilServed(method: string, path: string, options?: SendOptions): Promise<Answer>;
  settle(): Promise<void>;
  advance(duration: string): Promise<void>;
  /** Throws where a function has logged what no log may tell; answers how many lines there were. */
  close(): Promise<number>;
}

export interface SendOptions {
  readonly token?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const SERVED_TRIES_MAX = 20;
const RETRY_MS = 50;

export async function openTestStack(): Promise<TestStack> {
  const data = openDataDirectory();
  const stack = await startStack({ port: 0, dataDir: data.path, log: () => undefined });
  const client = createClient(stack.url);
  return {
    ...client,
    url: stack.url,
    stack,
    async close() {
      await stack.close();
      return data.close();
    },
  };
}

/** Where a stack keeps its data: every end-to-end suite has it from here, so that none forgets the scan of its logs. */
export interface DataDirectory {
  readonly path: string;
  /** Once nothing writes there any more. As `close` of the stack. */
  close(): number;
}

export function openDataDirectory(): DataDirectory {
  const path = mkdtempSync(join(tmpdir(), 'credit-ledger-e2e-'));
  return {
    path,
    close() {
      try {
        return scanLogs(join(path, 'logs'));
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    },
  };
}

/** The same calls against a stack in another process. */
export function createClient(url: string): Omit<TestStack, 'stack' | 'close'> {
  const send: TestStack['send'] = async (method, path, options = {}) => {
    const { token, key, body, headers } = options;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: objectIn(text), text };
  };
  const expectOk = async (answer: Promise<Answer>): Promise<Answer> => {
    const { status, text } = await answer;
    if (status >= 300) throw new Error(`expected success, got ${status}: ${text}`);
    return answer;
  };
  return {
    url,
    send,
    async token(claims) {
      const { body } = await expectOk(send('POST', '/local/tokens', { body: claims }));
      return z.string().parse(body['access_token']);
    },
    async sendUntilServed(method, path, options) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await send(method, path, options);
        if (answer.status !== 503 || attempt === SERVED_TRIES_MAX) return answer;
        // A test has no time for whole seconds; what matters is that the request is sent again.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
      }
    },
    async settle() {
      await expectOk(send('POST', '/local/settle'));
    },
    async advance(advance) {
      await expectOk(send('POST', '/local/clock', { body: { advance } }));
    },
  };
}

const objects = z.record(z.string(), z.unknown());

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return objects.catch({}).parse(JSON.parse(text));
  } catch (error) {
    // Receipts and pages are not JSON.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
