import { adjust } from '#lib/ledger/adjust';
import type { Command, Decision } from '#lib/ledger/decision';
import { captureHold, placeHold, releaseHold } from '#lib/ledger/hold';
import { add } from '#lib/ledger/inflow';
import { refund } from '#lib/ledger/refund';
import { spend } from '#lib/ledger/spend';
import { transfer } from '#lib/ledger/transfer';
import type { Entry } from '#lib/ledger/entry';
import { availableOf, type Head, type WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore, Work } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import {
  checkoutEventOf,
  disputeEventOf,
  purchaseOf,
  refundEventOf,
} from '#tests/purchases/purchase-builders';

const CREDIT_TYPES = ['general', 'enrichment', 'calling'];
const PACKAGES = ['starter', 'growth', null];
const DAY_MS = 86_400_000;
/** Wallets that do something at the same time: each of another user, so that none waits for another. */
const ABREAST_MAX = 24;

export interface Life {
  readonly users: number;
  readonly from: string;
  readonly days: number;
  /** Commands; most make one entry, some several, some none. */
  readonly commands: number;
  readonly random: () => number;
}

/** Lets an app live: every kind of entry, through the store and the payment events, at times spread over its days. */
export async function liveOn(
  store: Pick<LedgerStore, 'load' | 'loadEntry' | 'loadHead' | 'run' | 'write'>,
  life: Life,
): Promise<void> {
  const spends = new Map<string, { readonly entry: Entry; readonly refunded: boolean }[]>();
  const holds = new Map<string, string[]>();
  const bought: string[] = [];
  let made = 0;
  const { random } = life;
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];

  const act = async (user: number, now: string): Promise<void> => {
    made += 1;
    const number = made;
    const creditType = pick(CREDIT_TYPES) ?? 'general';
    const wallet: WalletRef = { userId: `user_${user}`, creditType };
    const name = `${wallet.userId} ${creditType}`;
    const actor = 'service:test';
    const command: Command = { now, cause: `step:${number}`, actor, description: 'Step' };
    const amount = 1 + Math.floor(random() * 200);
    const run = (decide: (head: Head) => Decision) => store.run(workOf(wallet, command, decide));
    const dice = random();
    if (dice < 0.16) {
      const expiresAt = random() < 0.5 ? null : later(now, random() * 10 * DAY_MS);
      const [type, category] = pick(INFLOWS) ?? INFLOWS[0];
      await run((head) =>
        add(head, { ...command, type, category, amount, priority: 10, expiresAt }),
      );
    } else if (dice < 0.6) {
      const outcome = await run((head) =>
        spend(head, {
          ...command,
          amount: Math.max(1, Math.min(amount, availableOf(head))),
          caps: [],
        }),
      );
      if (outcome.kind === 'committed') {
        spends.set(name, [...(spends.get(name) ?? []), { entry: outcome.entry, refunded: false }]);
      }
    } else if (dice < 0.66) {
      const spent = spends.get(name)?.pop();
      if (!spent) return;
      const graceExpiresAt = later(now, 7 * DAY_MS);
      await run((head) =>
        refund(head, { ...command, spend: spent.entry, refunded: 0, graceExpiresAt }),
      );
    } else if (dice < 0.72) {
      const terms = { category: 'paid', priority: 50, expiresAt: null } as const;
      await run((head) =>
        adjust(head, { ...command, amount: random() < 0.5 ? amount : -5, terms }),
      );
    } else if (dice < 0.77) {
      const holdId = `hold_${number}`;
      holds.set(name, [...(holds.get(name) ?? []), holdId]);
      const expiresAt = later(now, random() * 2 * DAY_MS);
      await run((head) => placeHold(head, { ...command, holdId, amount: 5, caps: [], expiresAt }));
    } else if (dice < 0.8) {
      const holdId = holds.get(name)?.pop();
      if (holdId === undefined) return;
      const end = random() < 0.5 ? captureHold : releaseHold;
      await run((head) => end(head, { ...command, holdId, caps: [] }));
    } else if (dice < 0.83) {
      const to = { userId: `user_${user + life.users}`, creditType };
      await store.run({
        wallets: [wallet, to],
        cause: command.cause,
        fingerprint: null,
        decide: ({ heads: [from, receiver] }) => {
          if (!receiver) throw new Error('a transfer has two wallets');
          const decision = transfer({ from, to: receiver }, { ...command, amount: 3 });
          return decision.ok ? { ok: true, decisions: [decision.from, decision.to] } : decision;
        },
      });
    } else if (dice < 0.94 || bought.length === 0) {
      const id = `pur_${number}`;
      const packageId = pick(PACKAGES) ?? null;
      const currency = random() < 0.5 ? 'USD' : 'INR';
      const value = purchaseOf({ id, userId: wallet.userId, creditType, packageId, currency });
      await store.write([{ record: 'purchase', id: { purchaseId: id }, value, version: null }]);
      const event = checkoutEventOf({
        sessionRef: `cs_${id}`,
        claimedPurchaseId: id,
        paymentRef: `pi_${id}`,
        currency,
      });
      await applyPaymentEvent({ store }, { event, now });
      bought.push(`${id} ${currency}`);
    } else {
      const [id = '', currency = ''] = (pick(bought) ?? '').split(' ');
      const about = { paymentRef: `pi_${id}`, claimedPurchaseId: id, currency };
      const event =
        random() < 0.7
          ? refundEventOf({ ...about, refundRef: `re_${number}`, amountMinor: 300 })
          : disputeEventOf({ ...about, disputeRef: `dp_${id}`, state: pick(STATES) ?? 'open' });
      await applyPaymentEvent({ store }, { event, now });
    }
  };

  const abreast = Math.min(ABREAST_MAX, life.users);
  for (let step = 0; step < life.commands; step += abreast) {
    const now = later(life.from, (step / life.commands) * life.days * DAY_MS);
    const first = Math.floor(random() * life.users);
    await Promise.all(
      Array.from({ length: abreast }, (_, index) => act((first + index) % life.users, now)),
    );
  }
}

const INFLOWS = [
  ['bonus', 'promotional'],
  ['promo', 'promotional'],
  ['subscription', 'plan'],
] as const;
const STATES = ['open', 'won', 'lost'] as const;

function workOf(
  wallet: WalletRef,
  command: Command,
  decide: (head: Head) => Decision,
): Work<unknown> {
  return {
    wallets: [wallet],
    cause: command.cause,
    fingerprint: null,
    decide: ({ heads: [head] }) => {
      const decision = decide(head);
      return decision.ok ? { ok: true, decisions: [decision] } : decision;
    },
  };
}

function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}
