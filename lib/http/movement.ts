import { problem } from '#lib/contract/problem';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import type { RequestInfo } from '#lib/http/endpoint';
import { refusalProblem } from '#lib/http/refusal';
import { toMovement } from '#lib/http/wallet-resource';
import type { Command } from '#lib/ledger/decision';
import type { Metadata, Reference } from '#lib/ledger/entry';
import type { Outcome } from '#lib/ports';

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

/**
 * The answer to a command that moves credits: done now or done before, which is the same answer with a header;
 * throws the problem of a refusal (DESIGN 5).
 */
export function movementAnswer(outcome: Outcome): {
  readonly status: 201;
  readonly body: Wire<typeof wire.movement>;
  readonly replayed: boolean;
} {
  switch (outcome.kind) {
    case 'committed':
    case 'replayed':
      return {
        status: 201,
        body: toMovement(outcome.entry),
        replayed: outcome.kind === 'replayed',
      };
    case 'reused':
      throw problem('IDEMPOTENCY_KEY_REUSED');
    case 'refused':
      throw refusalProblem(outcome.refusal);
  }
}
