import type { Known } from '#tests/histories/known';
import {
  addOperation,
  adjustOperation,
  applyOperation,
  type Asked,
  balanceOperation,
  batchOperation,
  deductOperation,
  endHoldOperation,
  eventOperation,
  freezeOperation,
  holdOperation,
  nameOf,
  pageOperation,
  redeemOperation,
  refundOperation,
  sweepOperation,
  transferOperation,
  type Wallet,
  withdrawOperation,
} from '#tests/histories/operations';

export const USERS = ['ann', 'ben', 'cid', 'dan', 'eli'];
const CREDIT_TYPES = ['general', 'general', 'general', 'general', 'enrichment'];

/** How often each is asked for; what cannot be asked for yet is an addition or a look. */
const WEIGHTS = {
  deduct: 22,
  add: 12,
  hold: 8,
  endHold: 9,
  refund: 8,
  transfer: 8,
  batch: 6,
  adjust: 5,
  redeem: 2,
  apply: 3,
  withdraw: 3,
  event: 6,
  freeze: 1,
  unfreeze: 3,
  sweep: 1,
  balance: 9,
  page: 3,
} as const;
type Kind = keyof typeof WEIGHTS;
const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) =>
  Array.from({ length: weight }, () => kind),
);

const HOUR_MS = 3_600_000;

/** What a client wants next: amounts about the balance, so that wallets live at the edge of nothing. */
export function chooseOperation(
  id: number,
  known: Known,
  { now, random }: { readonly now: string; readonly random: () => number },
): Asked {
  const whole = (below: number): number => Math.floor(random() * below);
  const oneOf = <T>(list: readonly T[]): T | undefined => list[whole(list.length)];
  const recent = <T>(list: readonly T[]): T | undefined => oneOf(list.slice(-12));
  const userId = oneOf(USERS) ?? '';
  const wallet: Wallet = { userId, creditType: oneOf(CREDIT_TYPES) ?? '' };
  const context = { id, known, wallet };
  const there = known.available.get(nameOf(wallet)) ?? 0;
  const aboutBalance = (): number => {
    const amount = [there, there + 1, there - 1, whole(there + 1), 1 + whole(6)][whole(5)] ?? 1;
    return Math.max(1, amount);
  };
  const addition = (): Asked =>
    addOperation(context, {
      amount: 1 + whole(12),
      category: oneOf(['promotional', 'plan', 'paid'] as const) ?? 'paid',
      priority: 10 * whole(4),
      ...(random() < 0.4 && {
        expires_at: new Date(Date.parse(now) + (1 + whole(40)) * HOUR_MS).toISOString(),
      }),
    });

  const kind = oneOf(KINDS);
  switch (isKind(kind) ? kind : 'balance') {
    case 'deduct':
      return deductOperation(context, aboutBalance());
    case 'add':
      return addition();
    case 'hold':
      return holdOperation(context, aboutBalance(), 60 + whole(7_200));
    case 'endHold': {
      const hold = recent(known.holds);
      if (!hold) return addition();
      const amount = [undefined, 1 + whole(hold.amount), hold.amount + 1 + whole(3)][whole(3)];
      return endHoldOperation(context, hold, random() < 0.35 ? null : { amount });
    }
    case 'refund': {
      const spend = recent(known.spends);
      if (!spend) return addition();
      const amount = [undefined, 1 + whole(spend.amount), spend.amount + 1][whole(3)];
      return refundOperation(context, spend, amount);
    }
    case 'transfer': {
      const receiver = oneOf(USERS.filter((other) => other !== userId)) ?? '';
      return transferOperation(context, receiver, aboutBalance());
    }
    case 'batch': {
      const spends = Array.from({ length: 1 + whole(5) }, (_, place) => ({
        key: `spend-${id}-${place}`,
        amount: Math.max(1, Math.ceil(aboutBalance() / 3)),
      }));
      known.spendKeys.push(...spends.map((spend) => ({ ...spend, wallet: nameOf(wallet) })));
      // A spend that comes again in another batch happens once.
      const before = recent(known.spendKeys.filter((spend) => spend.wallet === nameOf(wallet)));
      const isNew = before && spends.every(({ key }) => key !== before.key);
      return batchOperation(context, isNew ? [...spends, before] : spends, random() < 0.5);
    }
    case 'adjust':
      return adjustOperation(context, random() < 0.5 ? 1 + whole(6) : -aboutBalance());
    case 'redeem': {
      const code = oneOf(known.codes);
      return code ? redeemOperation(context, userId, code) : addition();
    }
    case 'apply':
      return applyOperation(context, userId);
    case 'withdraw': {
      const application = recent(known.applications);
      return application ? withdrawOperation(context, application) : addition();
    }
    case 'event': {
      const event = oneOf(known.events);
      return event ? eventOperation(context, event) : addition();
    }
    case 'freeze':
      return freezeOperation(context, true);
    case 'unfreeze': {
      const frozen = known.frozen.shift();
      return frozen ? freezeOperation({ ...context, wallet: frozen }, false) : addition();
    }
    case 'sweep':
      return sweepOperation(context);
    case 'balance':
      return balanceOperation(context);
    case 'page':
      return pageOperation(context, 1 + whole(10));
  }
}

function isKind(kind: string | undefined): kind is Kind {
  return kind !== undefined && kind in WEIGHTS;
}
