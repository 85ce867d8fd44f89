import type { EmailRecord } from '#lib/notifications/email-record';
import type { EmailRequest } from '#lib/notifications/email-request';
import { mailKinds } from '#lib/notifications/mail-kinds';
import type { Mail, Mailer, MailOutcome } from '#lib/notifications/mailer';
import type { LedgerStore, Reader, RecordRef, Stored } from '#lib/ports';

export interface EmailDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly mailer: Mailer;
  readonly appName: string;
  /** Who is told about disputes. */
  readonly financeEmail: string;
}

export type EmailOutcome =
  /** `recordFailure`: what kept us from noting it, if anything. */
  | { readonly kind: 'sent'; readonly recordFailure: unknown }
  | { readonly kind: 'skipped' | 'rejected' | 'unconfirmed'; readonly reason: string }
  /** It was settled before, whatever became of it. */
  | { readonly kind: 'done_before' };

/** The mail cannot be settled now: the message has to come again. */
export class EmailPendingError extends Error {
  override readonly name = 'EmailPendingError';
}

/**
 * How long a claim keeps others away: three times the function's timeout, after which Lambda has ended whoever made it,
 * and half of the queue's visibility timeout, so that the next delivery of the message is not turned away by it.
 */
export const CLAIM_MS = 90_000;
/** Each lost race means that another delivery of the request got further; there are only so many. */
const RACES_MAX = 5;

/**
 * Sends what a request asks for, at most once per kind and subject (DESIGN 7). The record is claimed before SES is
 * asked and settled after it has answered:
 *
 * - accepted, rejected, no address, no longer so: settled for ever;
 * - turned away (throttled, paused, 5xx, no connection): the claim is given back and the message comes again;
 * - no answer to a request that went out: settled as `unconfirmed`, because the mail is more likely sent than not and
 *   SES cannot be asked; a missing receipt can be had from the API, a second one cannot be taken back;
 * - the attempt dies while it holds the claim: the next delivery after `CLAIM_MS` sends again. That is the one window
 *   for a second mail: death between SES's acceptance and the write that follows at once.
 *
 * Throws EmailPendingError where the message has to come again. Nothing here touches the ledger.
 */
export async function sendEmail(
  deps: EmailDependencies,
  input: { readonly request: EmailRequest; readonly now: () => Date },
): Promise<EmailOutcome> {
  const { request, now } = input;
  for (let race = 0; race < RACES_MAX; race += 1) {
    const read = await deps.store.load(refsOf(request));
    const known = read('email', idOf(request));
    if (known && isSettled(known.value)) return { kind: 'done_before' };
    const at = now();
    if (known && isAlive(known.value, at)) {
      throw new EmailPendingError('another attempt is sending it');
    }
    const claim = claimOf(request, known, at.toISOString());
    const drafted = draft(deps, { request, read });
    if (!drafted.ok) {
      const { reason } = drafted;
      if (await put(deps, { ...claim, state: 'skipped', reason }, known?.version ?? null)) {
        return { kind: 'skipped', reason };
      }
      continue;
    }
    if (!(await put(deps, claim, known?.version ?? null))) continue;
    const outcome = await deps.mailer.send(drafted.mail);
    return settle(deps, { claim, version: (known?.version ?? 0) + 1, outcome, now });
  }
  throw new EmailPendingError('other attempts were faster each time');
}

type Draft =
  | { readonly ok: true; readonly mail: Mail }
  | { readonly ok: false; readonly reason: 'no_address' | 'no_longer_so' };

/** The mail as the table has it now, or why there is none. */
function draft(
  deps: EmailDependencies,
  about: { readonly request: EmailRequest; readonly read: Reader },
): Draft {
  const { request, read } = about;
  const kind = mailKinds[request.kind];
  const content = kind.content({ appName: deps.appName, request, read });
  if (!content) return { ok: false, reason: 'no_longer_so' };
  const address = read('account', { userId: request.userId })?.value.email ?? null;
  const to = kind.reader === 'finance' ? deps.financeEmail : address;
  return to === null ? { ok: false, reason: 'no_address' } : { ok: true, mail: { ...content, to } };
}

async function settle(
  deps: EmailDependencies,
  attempt: {
    readonly claim: EmailRecord;
    readonly version: number;
    readonly outcome: MailOutcome;
    readonly now: () => Date;
  },
): Promise<EmailOutcome> {
  const { claim, version, outcome, now } = attempt;
  const updatedAt = now().toISOString();
  // A lost race here means that somebody took us for dead: the record is theirs then, and says what happened since.
  switch (outcome.kind) {
    case 'accepted': {
      const { messageId } = outcome;
      try {
        await put(deps, { ...claim, state: 'sent', messageId, updatedAt }, version);
        return { kind: 'sent', recordFailure: null };
      } catch (recordFailure) {
        // Whatever it was: the mail is out, and a message that came again for it would bring a second one.
        return { kind: 'sent', recordFailure };
      }
    }
    case 'rejected':
    case 'unconfirmed': {
      const { kind, reason } = outcome;
      await put(deps, { ...claim, state: kind, reason, updatedAt }, version);
      return { kind, reason };
    }
    case 'refused': {
      const { reason } = outcome;
      await put(deps, { ...claim, state: 'waiting', reason, updatedAt }, version);
      throw new EmailPendingError(`not accepted: ${reason}`);
    }
  }
}

function isSettled({ state }: EmailRecord): boolean {
  return state !== 'sending' && state !== 'waiting';
}

function isAlive({ state, claimedAt }: EmailRecord, at: Date): boolean {
  return state === 'sending' && at.getTime() - Date.parse(claimedAt) < CLAIM_MS;
}

function claimOf(
  request: EmailRequest,
  known: Stored<'email'> | null,
  claimedAt: string,
): EmailRecord {
  return {
    ...idOf(request),
    state: 'sending',
    claimedAt,
    attempts: (known?.value.attempts ?? 0) + 1,
    messageId: null,
    reason: null,
    updatedAt: claimedAt,
  };
}

function put(deps: EmailDependencies, value: EmailRecord, version: number | null) {
  const { userId, kind, subjectId } = value;
  const id = { userId, kind, subjectId };
  return deps.store.write([{ record: 'email', id, value, version }]);
}

function idOf({ kind, userId, subjectId }: EmailRequest) {
  return { userId, kind, subjectId };
}

function refsOf(request: EmailRequest): readonly RecordRef[] {
  return [
    { record: 'email', id: idOf(request) },
    { record: 'account', id: { userId: request.userId } },
    ...mailKinds[request.kind].sources(request),
  ];
}
