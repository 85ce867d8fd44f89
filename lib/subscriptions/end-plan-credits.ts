import type { Command } from '#lib/ledger/decision';
import type { LedgerStore } from '#lib/ports';
import { revokePlanCredits } from '#lib/subscriptions/revoke-plan-credits';
import { isGrantOf } from '#lib/subscriptions/plan-credits';

/**
 * Takes back what a plan has given and nobody has spent, where the plan has ended before its period: once, however often
 * and by whomever it is asked, whether the end is told before the payment or after it. A plan that has run to its
 * period's end leaves nothing to take back, and what anything else has given is never touched.
 */
export async function endPlanCredits(
  ledger: Pick<LedgerStore, 'load' | 'loadHead' | 'run'>,
  input: { readonly userId: string; readonly command: Pick<Command, 'now' | 'actor'> },
): Promise<void> {
  const id = { userId: input.userId };
  const stored = (await ledger.load([{ record: 'subscription', id }]))('subscription', id);
  const { endedAt = null, granted = null, provider = null } = stored?.value ?? {};
  if (endedAt === null || granted === null || provider === null) return;
  if (granted.end <= endedAt || !isGrantOf(granted, provider.subscriptionId)) return;
  await revokePlanCredits(ledger, { ...input, cause: granted.cause });
}
