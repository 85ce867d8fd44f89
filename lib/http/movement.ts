import { problem } from '#lib/contract/problem';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import type { RequestInfo } from '#lib/http/endpoint';
import { refusalProblem } from '#lib/http/refusal';
import { toMovement } from '#lib/http/wallet-resource';
import type { Command } from '#lib/ledger/decision';
import type { Entry, Metadata, Reference } from '#lib/ledger/entry';
import type { UseRefusal } from '#lib/subscriptions/use-feature';
import type { WalletRefusal } from '#lib/wallets/refusal';

/** A request as the ledger's commands take it: who, when, why, and the cause that makes it happen once. */
export function commandOf(
  request: RequestInfo,
  text: {
    readonly description: string;
    readonly reference?: Reference | undefined;
    readonly metadata?: Metadata | undefined;
  },
): Command {
  return {
    now: request.now,
    cause: request.cause,
    fingerprint: request.fingerprint,
    actor: request.actor,
    description: text.description,
    reference: text.reference ?? null,
    metadata: text.metadata ?? {},
  };
}

/** As `Outcome`; of a command that may move no credits, without an entry. */
type Told<E extends Entry | null> =
  | { readonly kind: 'committed' | 'replayed'; readonly entry: E }
  | { readonly kind: 'reused' }
  | { readonly kind: 'refused'; readonly refusal: WalletRefusal | UseRefusal };

/** The entry of a command, done now or done before; throws the problem of a refusal (DESIGN 5). */
export function entryOf<E extends Entry | null>(outcome: Told<E>): E {
  switch (outcome.kind) {
    case 'committed':
    case 'replayed':
      return outcome.entry;
    case 'reused':
      throw problem('IDEMPOTENCY_KEY_REUSED');
    case 'refused':
      throw refusalProblem(outcome.refusal);
  }
}

/** The answer to a command that moves credits; a replay is the same answer with a header. */
export function movementAnswer(outcome: Told<Entry>): {
  readonly status: 201;
  readonly body: Wire<typeof wire.movement>;
  readonly replayed: boolean;
} {
  const entry = entryOf(outcome);
  return { status: 201, body: toMovement(entry), replayed: outcome.kind === 'replayed' };
}
