import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { invariant } from '#lib/invariant';

/** The named slots of one secret, such as `{ current, previous }`. */
export type SecretSlots = Readonly<Record<string, string>>;

export interface SecretReader {
  /** The slots, at most five minutes old; `fresh` reads them again, because they may just have been rotated. */
  readonly read: (options?: { readonly fresh: boolean }) => Promise<SecretSlots>;
}

const AGE_MAX_MS = 5 * 60_000;
/**
 * Anyone can send a wrong signature, and each must not become a paid call: so many fresh reads per window, then the
 * cached slots have to do.
 */
const FRESH_READS_MAX = 6;
const FRESH_WINDOW_MS = 60_000;
const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 2;

/** Reads one secret of Secrets Manager, a JSON object of text, and keeps it in memory only. */
export function createSecretReader(
  secret: { readonly arn: string; readonly nowMs: () => number },
  config: SecretsManagerClientConfig = {},
): SecretReader {
  const client = new SecretsManagerClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  const { arn, nowMs } = secret;
  let cached: { readonly slots: Promise<SecretSlots>; readonly atMs: number } | null = null;
  let freshReadsMs: readonly number[] = [];

  const load = (): Promise<SecretSlots> => {
    const slots = client
      .send(new GetSecretValueCommand({ SecretId: arn }))
      .then((answer) => readSlots(answer.SecretString));
    const entry = { slots, atMs: nowMs() };
    cached = entry;
    // A failure is not kept: the next read tries again.
    slots.catch(() => {
      if (cached === entry) cached = null;
    });
    return slots;
  };
  return {
    read: (options) => {
      const now = nowMs();
      const isYoung = cached !== null && Math.abs(now - cached.atMs) < AGE_MAX_MS;
      if (cached === null || !isYoung) return load();
      if (options?.fresh !== true) return cached.slots;
      freshReadsMs = freshReadsMs.filter((atMs) => Math.abs(now - atMs) < FRESH_WINDOW_MS);
      if (freshReadsMs.length >= FRESH_READS_MAX) return cached.slots;
      freshReadsMs = [...freshReadsMs, now];
      return load();
    },
  };
}

function readSlots(text: string | undefined): SecretSlots {
  invariant(text !== undefined, 'a secret is text');
  const parsed = parseObject(text);
  invariant(parsed !== null, 'a secret is a JSON object');
  const slots = Object.entries(parsed).filter(
    (slot): slot is [string, string] => typeof slot[1] === 'string',
  );
  return Object.fromEntries(slots);
}

/** Null instead of the parser's own error, which would quote the secret into a log. */
function parseObject(text: string): object | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? parsed : null;
  } catch {
    return null;
  }
}
