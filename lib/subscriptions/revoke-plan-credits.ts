import { advance } from '#lib/ledger/advance';
import type { Command } from '#lib/ledger/decision';
import { endGrants } from '#lib/ledger/end-grants';
import type { Entry } from '#lib/ledger/entry';
import { type Committed, ContentionError, type LedgerStore } from '#lib/ports';
import type { GrantedPeriod } from '#lib/subscriptions/subscription';

const LOOKS_MAX = 10;

/**
 * Takes back what the running plan gave and nobody has spent or set aside: for a plan that ends at once. Once, however
 * often it is asked; bought and promotional credits are never touched, and no balance falls below zero. `revoked` is
 * how many credits it took.
 */
export async function revokePlanCredits(
  ledger: Pick<LedgerStore, 'load' | 'loadHead' | 'run'>,
  input: {
    readonly userId: string;
    readonly command: Pick<Command, 'now' | 'actor'>;
    /** Only what this period gave, by its cause; else whatever was granted last. */
    readonly cause?: string;
  },
): Promise<{ readonly revoked: number }> {
  const { userId, command } = input;
  const id = { userId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const read = await ledger.load([{ record: 'subscription', id }]);
    const granted = read('subscription', id)?.value.granted ?? null;
    if (!granted || (input.cause ?? granted.cause) !== granted.cause) return { revoked: 0 };
    const types = [...new Set(granted.grants.map((grant) => grant.creditType))];
    const heads = await Promise.all(
      types.map((creditType) => ledger.loadHead({ userId, creditType })),
    );
    const [first, ...others] = heads.filter((head) => endIn(head, granted, command).own);
    if (!first) return { revoked: 0 };
    let revoked = 0;
    const outcome = await ledger.run({
      wallets: [first, ...others],
      cause: revokedCause(granted),
      fingerprint: null,
      reads: [{ record: 'subscription', id }],
      decide: ({ heads: fresh, read: again }) => {
        const decisions: Committed[] = [];
        for (const head of fresh) {
          const { own, posting } = endIn(head, granted, command);
          if (!own) return { ok: false, refusal: 'look_again' };
          decisions.push({ ok: true, ...posting, entry: own });
        }
        if (again('subscription', id)?.value.granted?.cause !== granted.cause) {
          return { ok: false, refusal: 'look_again' };
        }
        revoked = decisions.reduce((sum, { entry }) => sum - entry.amount, 0);
        return { ok: true, decisions };
      },
    });
    if (outcome.kind === 'committed') return { revoked };
    if (outcome.kind !== 'refused') return { revoked: 0 };
  }
  throw new ContentionError('the wallets of a plan changed between every two looks');
}

function endIn(
  head: Parameters<typeof advance>[0],
  granted: GrantedPeriod,
  command: Pick<Command, 'now' | 'actor'>,
) {
  const cause = revokedCause(granted);
  const posting = endGrants(advance(head, command.now), {
    ...command,
    cause,
    description: `${granted.tier} credits ended with the subscription`,
    reference: { type: 'plan', id: granted.tier },
    grantIds: granted.grants.map((grant) => grant.grantId),
  });
  const own: Entry | undefined = posting.entries.find((entry) => entry.cause === cause);
  return { own, posting };
}

function revokedCause(granted: GrantedPeriod): string {
  return `${granted.cause}:revoked`;
}
