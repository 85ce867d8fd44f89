import { standardThreshold, THRESHOLDS } from '#lib/alerts/follow-wallets';
import { noAlerts, type WalletAlerts } from '#lib/alerts/wallet-alerts';
import { advance } from '#lib/ledger/advance';
import { availableOf, type WalletRef } from '#lib/ledger/wallet';
import { ContentionError, type LedgerStore, type RecordRef } from '#lib/ports';
import {
  type KeyedRequest,
  requestAbout,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';

/** From when on a wallet counts as low, and whether it does. */
export interface AlertState {
  readonly creditType: string;
  /** The threshold in force. */
  readonly threshold: number;
  /** Whether its owner has set it; else it is the setting's. */
  readonly own: boolean;
  readonly available: number;
  readonly low: boolean;
}

export type ThresholdOutcome =
  | { readonly kind: 'set' | 'replayed'; readonly state: AlertState }
  /** The Idempotency-Key was used for another threshold. */
  | { readonly kind: 'reused' };

const RACES_MAX = 5;

/**
 * Sets the owner's threshold in credits, or gives it back to the setting with null. A wallet that is below the new
 * threshold already is told at once: who asks to hear below 500 and has 300 wants to know.
 */
export async function setThreshold(
  store: Pick<LedgerStore, 'load' | 'loadHead' | 'write'>,
  input: {
    readonly wallet: WalletRef;
    readonly threshold: number | null;
    readonly request: KeyedRequest;
    readonly now: string;
  },
): Promise<ThresholdOutcome> {
  const { wallet, threshold, now } = input;
  const request = requestAbout(wallet.userId, input.request);
  const refs = [...refsOf(wallet), ...requestRefs(request)];
  for (let race = 0; race < RACES_MAX; race += 1) {
    const [stored, read] = await Promise.all([store.loadHead(wallet), store.load(refs)]);
    const keyed = requestOf(read, request);
    if (keyed && !keyed.isSame) return { kind: 'reused' };
    if (keyed) return { kind: 'replayed', state: await readThreshold(store, { wallet, now }) };
    const known = read('walletAlerts', wallet);
    const limit = threshold ?? standardThreshold(read, wallet.creditType);
    const available = availableOf(advance(stored, now).head);
    const value: WalletAlerts = {
      ...(known?.value ?? noAlerts(wallet)),
      threshold,
      low: available < limit,
      seq: stored.seq,
      available,
      limit,
    };
    const version = known?.version ?? null;
    const write = { record: 'walletAlerts', id: wallet, value, version } as const;
    if (await store.write([write, ...requestWrites(request, now)])) {
      return { kind: 'set', state: stateOf(wallet, { value, limit, available }) };
    }
  }
  throw new ContentionError('the alerts of a wallet changed each time');
}

/** The threshold in force of one wallet, and how the wallet stands to it now. */
export async function readThreshold(
  store: Pick<LedgerStore, 'load' | 'loadHead'>,
  input: { readonly wallet: WalletRef; readonly now: string },
): Promise<AlertState> {
  const { wallet, now } = input;
  const [stored, read] = await Promise.all([store.loadHead(wallet), store.load(refsOf(wallet))]);
  const value = read('walletAlerts', wallet)?.value ?? null;
  const limit = value?.threshold ?? standardThreshold(read, wallet.creditType);
  return stateOf(wallet, { value, limit, available: availableOf(advance(stored, now).head) });
}

function refsOf(wallet: WalletRef): readonly RecordRef[] {
  return [
    { record: 'walletAlerts', id: wallet },
    { record: 'setting', id: THRESHOLDS },
  ];
}

function stateOf(
  wallet: WalletRef,
  now: {
    readonly value: WalletAlerts | null;
    readonly limit: number;
    readonly available: number;
  },
): AlertState {
  const { value, limit, available } = now;
  return {
    creditType: wallet.creditType,
    threshold: limit,
    own: value !== null && value.threshold !== null,
    available,
    low: available < limit,
  };
}
