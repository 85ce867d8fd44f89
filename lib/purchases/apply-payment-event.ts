import { settingOf } from '#lib/settings/settings';
import type { Entry } from '#lib/ledger/entry';
import type { PaymentEvent } from '#lib/payments/payment-event';
import {
  ContentionError,
  type LedgerStore,
  type Plan,
  type Reader,
  type RecordRef,
  type RecordWrite,
} from '#lib/ports';
import { purchaseOfEvent, purchaseRef, refsOfEvent } from '#lib/purchases/find-event-purchase';
import {
  historyIds,
  type Posted,
  type Posting,
  postingsDue,
  postPurchase,
} from '#lib/purchases/post-purchase';
import type { Purchase } from '#lib/purchases/purchase';
import {
  changeOf,
  type PurchaseChange,
  purchaseWrites,
  writesOf,
} from '#lib/purchases/purchase-change';
import type { Verdict } from '#lib/purchases/verdict';
import { type Waiting, waitForPayment } from '#lib/purchases/wait-for-payment';

/** Each lost race means that another delivery about the same purchase got further; there are only so many. */
const ATTEMPTS_MAX = 20;

export type Applied =
  | (OfPurchase & {
      /** What was posted: a credit even where a refund was known before it and is taken back at once. */
      readonly kind: 'credited' | 'reversed' | 'reinstated';
      readonly entryId: string;
    })
  | (OfPurchase & { readonly kind: 'recorded' | 'unchanged' })
  /** For its payment, and applied with it. */
  | Waiting
  /** No business of ours. */
  | { readonly kind: 'foreign' }
  /** Perhaps before its purchase: try again later, and hand it to a person in the end. */
  | { readonly kind: 'early'; readonly detail: string }
  | Verdict;

interface OfPurchase {
  readonly purchaseId: string;
  /** What waited for this payment and contradicts its purchase: a person has to look. */
  readonly contradiction?: string;
}

/** The ledger moved between our two looks at it: look again. */
interface Superseded {
  readonly kind: 'superseded';
}

type Store = Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;

/**
 * Adds an event's facts to its purchase and posts to the wallet the difference between what they say it should have got
 * and what it has got (DESIGN 6). Wallet, entries, purchase and payment references change in one transaction whose
 * cause follows from the purchase, so no number, order or concurrency of events credits, reverses or reinstates twice.
 */
export async function applyPaymentEvent(
  { store }: { readonly store: Store },
  input: Omit<Application, 'purchaseId'>,
): Promise<Applied> {
  const { event } = input;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const found = purchaseOfEvent(await store.load(refsOfEvent(event)), event);
    if (found.kind === 'found') {
      return applyToPurchase(store, { ...input, purchaseId: found.purchaseId });
    }
    if (found.kind !== 'wait') return found;
    const waited = await waitForPayment({ store }, found.event);
    if (waited.kind !== 'bound') return waited;
  }
  throw new ContentionError('a payment was bound and could not be found');
}

interface Application {
  readonly event: PaymentEvent;
  readonly now: string;
  readonly purchaseId: string;
  /** What else belongs into the transaction that changes the purchase: the record of who made us apply the event. */
  readonly alongside?: (purchase: Purchase) => readonly RecordWrite[];
}

async function applyToPurchase(store: Store, application: Application): Promise<Applied> {
  const { event, purchaseId } = application;
  const refs = [...refsOfEvent(event), purchaseRef(purchaseId), CLAWBACK, GRACE];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const change = changeOf(await store.load(refs), application);
    if (change.kind === 'quarantine') return change;
    const posted = await post(store, { ...application, change, refs });
    if (posted?.kind === 'superseded') continue;
    if (posted && (posted.kind !== 'quarantine' || posted.reason !== 'WALLET_REFUSED')) {
      return posted;
    }
    // Money that has moved is a fact, even while the wallet cannot follow it.
    const [first, ...others] = writesOf(change, application.now);
    const more = application.alongside?.(change.purchase) ?? [];
    if (first && !(await store.write([first, ...others, ...more]))) continue;
    return posted ?? { kind: first ? 'recorded' : 'unchanged', ...aboutPurchase(change) };
  }
  throw new ContentionError('events of one purchase raced past the bound');
}

/** Posts what is due; null where nothing is. */
async function post(
  store: Store,
  input: Application & { readonly change: PurchaseChange; readonly refs: readonly RecordRef[] },
): Promise<Applied | Superseded | null> {
  const { change, refs } = input;
  const [first] = postingsDue(change.purchase);
  if (!first) return null;
  const { userId, creditType } = change.purchase;
  const history = await loadHistory(store, change.purchase, first);
  const outcome = await store.run<Verdict | Superseded>({
    wallets: [{ userId, creditType }],
    cause: first.cause,
    fingerprint: null,
    reads: refs,
    decide: ({ heads: [head], read }) => {
      const fresh = changeOf(read, input);
      if (fresh.kind === 'quarantine') return { ok: false, refusal: fresh };
      const [due] = postingsDue(fresh.purchase);
      if (due?.cause !== first.cause) return { ok: false, refusal: { kind: 'superseded' } };
      const context = { ...contextOf(read, input), history };
      return planOf(fresh, input, postPurchase(head, fresh.purchase, context));
    },
  });
  switch (outcome.kind) {
    case 'committed':
      return { kind: DONE[first.kind], entryId: outcome.entry.id, ...aboutPurchase(change) };
    case 'refused':
      return outcome.refusal;
    // Another delivery has posted it since; this one's own facts may still be news.
    case 'replayed':
    case 'reused':
      return { kind: 'superseded' };
  }
}

const DONE = { credit: 'credited', reversal: 'reversed', reinstatement: 'reinstated' } as const;

function aboutPurchase({ purchase, contradiction }: PurchaseChange): OfPurchase {
  return { purchaseId: purchase.id, ...(contradiction !== null && { contradiction }) };
}

function planOf(
  change: PurchaseChange,
  { alongside, now }: Pick<Application, 'alongside' | 'now'>,
  posted: Posted,
): Plan<Verdict | Superseded> {
  if (!posted.ok) {
    const { posting, code } = posted;
    const detail = `the wallet refuses the ${posting.kind} ${posting.cause}: ${code}`;
    return { ok: false, refusal: { kind: 'quarantine', reason: 'WALLET_REFUSED', detail } };
  }
  const { purchase, decision } = posted;
  const writes = [
    ...purchaseWrites({ ...change, purchase }, now),
    ...change.references,
    ...(alongside?.(purchase) ?? []),
  ];
  return { ok: true, decisions: [decision], writes };
}

const CLAWBACK = { record: 'setting', id: { key: 'clawback' } } as const;
const GRACE = { record: 'setting', id: { key: 'refund_grace_days' } } as const;

function contextOf(read: Reader, { event, now }: Application) {
  return {
    now,
    actor: event.provider,
    clawback: settingOf('clawback', read('setting', CLAWBACK.id)),
    refundGraceDays: settingOf('refund_grace_days', read('setting', GRACE.id)),
  };
}

/** Entries never change, and their ids stand in the purchase: they need not be read in the transaction. */
async function loadHistory(
  store: Store,
  purchase: Purchase,
  posting: Posting,
): Promise<readonly Entry[]> {
  const { userId } = purchase;
  const entries = await Promise.all(
    historyIds(purchase, posting).map((entryId) => store.loadEntry({ userId, entryId })),
  );
  return entries.filter((entry) => entry !== null);
}
