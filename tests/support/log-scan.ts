import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * What must never stand in a log: secrets, tokens, people, cards, and bodies or headers as they came. Written apart from
 * what the product takes out of its lines (`lib/http/log.ts`), so that what that misses is found here.
 */
const LEAKS: Readonly<Record<string, RegExp>> = {
  'a provider’s key': /\b(?:sk|rk|rzp)_(?:test|live)_\w{8,}/,
  'a webhook’s secret': /\bwhsec_\w{8,}/,
  'an authorization': /authorization\\?["':=]|\bBearer\s+\S|\bBasic\s+[A-Za-z0-9+/]{12,}/i,
  'a signature': /(?:stripe|razorpay)[-_]signature|\bt=\d{9,},v1=[0-9a-f]{16,}/i,
  'a token': /\beyJ[\w-]{10,}/,
  'a client secret': /client_secret|\b(?:pi|seti|cs)_\w+_secret_\w+/,
  'an e-mail address': /[\w.+-]+(?:@|%40)[A-Za-z0-9-]+\.[A-Za-z]{2,}/,
  'a telephone number': /(?<![\w.])\+\d[\d ()-]{8,}\d/,
  'a card':
    /\\?"(?:last4|card|billing_details|cardholder_name)\\?"\s*:|(?<![\w.-])\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?![\w-])/,
  'a body':
    /\\?"(?:object|entity)\\?"\s*:\s*\\?"(?:event|checkout\.session|charge|refund|dispute|payment|payment_intent|order)\\?"|\\?"(?:success_url|idempotency_key|reason|description)\\?"\s*:\s*\\?"[^"]{0,200}\\?"\s*,\s*\\?"(?:cancel_url|amount|user_id)/,
};

export interface Leak {
  readonly kind: string;
  readonly line: string;
}

/** Every line of a log that tells what it must not, with what that is. */
export function leaksIn(log: string): readonly Leak[] {
  return log
    .split('\n')
    .flatMap((line) =>
      Object.entries(LEAKS).flatMap(([kind, pattern]) =>
        pattern.test(line) ? [{ kind, line }] : [],
      ),
    );
}

/** Reads all that the functions of a stack have printed; throws where any of it is a leak. Answers the number of lines. */
export function scanLogs(directory: string): number {
  let lines = 0;
  const leaks: string[] = [];
  for (const name of readdirSync(directory)) {
    const log = readFileSync(join(directory, name), 'utf8');
    lines += log.split('\n').filter((line) => line !== '').length;
    leaks.push(...leaksIn(log).map(({ kind, line }) => `${name} has ${kind}: ${line}`));
  }
  if (leaks.length > 0)
    throw new Error(`logs tell too much:\n${leaks.slice(0, SHOWN_MAX).join('\n')}`);
  return lines;
}

const SHOWN_MAX = 5;
