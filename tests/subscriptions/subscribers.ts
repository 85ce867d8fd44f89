import { availableOf } from '#lib/ledger/wallet';
import { advance } from '#lib/ledger/advance';
import { verify } from '#lib/ledger/verify';
import type { RecordName, RecordTypes } from '#lib/ports';
import type { SettingKey, StoredSetting } from '#lib/settings/settings';
import { addCredits } from '#lib/wallets/add-credits';
import { spendCredits } from '#lib/wallets/spend-credits';
import { grantPlanCredits } from '#lib/subscriptions/grant-plan-credits';
import { freeSubscription, type Subscription } from '#lib/subscriptions/subscription';
import { DEFAULT_TIERS, type TierPlan, type Tier, type Tiers } from '#lib/subscriptions/tiers';
import type { TestLedger } from '#tests/support/ledger';

export const START = '2027-01-31T10:00:00.000Z';
export const SECOND = '2027-02-28T10:00:00.000Z';
export const THIRD = '2027-03-31T10:00:00.000Z';
export const FOURTH = '2027-04-30T10:00:00.000Z';

/** Default tiers, with other terms where a test is about them. */
export function tiersWith(changes: Partial<Record<Tier, Partial<TierPlan>>>): Tiers {
  return DEFAULT_TIERS.map((row) => ({ ...row, ...changes[row.tier] }));
}

/** What happens to users with plans, on the real table. */
export function openSubscribers({ ledger, history }: TestLedger) {
  let count = 0;
  const put = async <K extends RecordName>(
    record: K,
    id: RecordTypes[K]['id'],
    write: (version: number | null) => Parameters<typeof ledger.write>[0][0],
    ref: Parameters<typeof ledger.load>[0][0],
  ) => {
    const stored = (await ledger.load([ref]))(record, id);
    if (!(await ledger.write([write(stored?.version ?? null)]))) throw new Error('raced');
  };
  const subscription = async (userId: string) =>
    (await ledger.load([{ record: 'subscription', id: { userId } }]))('subscription', { userId })
      ?.value ?? null;
  return {
    subscription,
    async set(key: SettingKey, value: StoredSetting['value']) {
      const id = { key };
      const write = (version: number | null) =>
        ({ record: 'setting', id, value: { value }, version }) as const;
      await put('setting', id, write, { record: 'setting', id });
    },
    /** A user with a subscription, by default a running one of PRO since START. */
    async subscriber(change: Partial<Subscription> = {}): Promise<string> {
      count += 1;
      const userId = change.userId ?? `subscriber-${count}`;
      const id = { userId };
      const value: Subscription = {
        ...freeSubscription({ userId, now: START, periodEnd: SECOND }),
        tier: 'PRO',
        provider: {
          name: 'stripe',
          subscriptionId: `sub_${userId}`,
          customerId: `cus_${userId}`,
          itemId: null,
          priceId: 'price_pro_usd',
          currency: 'USD',
        },
        creditsDueAt: null,
        ...change,
      };
      const write = (version: number | null) =>
        ({ record: 'subscription', id, value, version }) as const;
      await put('subscription', id, write, { record: 'subscription', id });
      return userId;
    },
    pay: (
      userId: string,
      paid: {
        readonly tier?: Tier;
        readonly start: string;
        readonly end: string;
        readonly now?: string;
      },
    ) =>
      grantPlanCredits(
        { ledger, history },
        {
          userId,
          period: {
            subscriptionId: `sub_${userId}`,
            tier: paid.tier ?? 'PRO',
            start: paid.start,
            end: paid.end,
          },
          command: { now: paid.now ?? paid.start, actor: 'stripe' },
        },
      ),
    buy: (userId: string, amount: number, now = START) =>
      addCredits(ledger, {
        wallet: { userId, creditType: 'general' },
        command: {
          now,
          amount,
          cause: `buy:${amount}`,
          actor: 'stripe',
          description: 'Bought',
          category: 'paid',
          priority: 50,
          expiresAt: null,
        },
      }),
    spend: (userId: string, amount: number, now: string) => {
      count += 1;
      const command = { now, amount, cause: `spend:${count}`, actor: 'app', description: 'Used' };
      return spendCredits(ledger, { wallet: { userId, creditType: 'general' }, command });
    },
    async available(userId: string, now: string): Promise<number> {
      const head = await ledger.loadHead({ userId, creditType: 'general' });
      return availableOf(advance(head, now).head);
    },
    /** Open grants as their owner sees them, in no order. */
    async grants(userId: string, now: string) {
      const head = await ledger.loadHead({ userId, creditType: 'general' });
      return advance(head, now)
        .head.grants.map(({ category, remaining, expiresAt }) => ({
          category,
          remaining,
          expiresAt,
        }))
        .toSorted((a, b) => a.remaining - b.remaining);
    },
    async problems(userId: string) {
      const entries = await ledger.loadEntries(userId);
      const heads = await ledger.loadHeads(userId);
      return heads.flatMap((head) =>
        verify(
          head,
          entries.filter(({ creditType }) => creditType === head.creditType),
        ),
      );
    },
    entries: (userId: string) => ledger.loadEntries(userId),
  };
}
