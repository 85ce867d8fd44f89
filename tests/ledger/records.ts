import { type Entry, hashEntry } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import { day, entryOf, grantIdIn, hour, openWallet, PROMOTIONAL } from '#tests/ledger/wallets';

export interface Records {
  readonly head: Head;
  readonly entries: readonly Entry[];
}

/** A wallet in which every kind of entry has happened, with debt, holds and a merge at its end. */
export function richRecords(): Records {
  const wallet = openWallet();
  const metadata = { plan: 'pro', round: 2, first: true };
  const grantId = grantIdIn(wallet.add({ amount: 100, metadata }));
  wallet.add({ amount: 20, type: 'promo', ...PROMOTIONAL, expiresAt: day(2) });
  wallet.placeHold({ holdId: 'job', amount: 30, expiresAt: day(1) });
  const spend = entryOf(wallet.captureHold({ holdId: 'job', amount: 25 }));
  wallet.refund({ spend, amount: 5 });
  wallet.at(day(3));
  wallet.adjust({ amount: -3 });
  const reversal = entryOf(wallet.reverse({ amount: 100, grantId }));
  const { category, priority, expiresAt, grantedAt } = firstDraw(wallet.entries[0]);
  const paymentGrant = { id: grantId, category, priority, expiresAt, grantedAt };
  wallet.reinstate({ amount: 40, history: [reversal], paymentGrant });
  wallet.placeHold({ holdId: 'open', amount: 7, expiresAt: day(30) });
  const bob = openWallet({ userId: 'bob', creditType: 'general' });
  wallet.transferTo(bob, { amount: 2 });
  return { head: wallet.head, entries: wallet.entries };
}

/** An entry in which every field says something, so that every field can be damaged. */
export function richEntry(): Entry {
  const [entry] = richRecords().entries;
  if (!entry) throw new Error('no entry');
  const rich: Entry = {
    ...entry,
    reference: { type: 'order', id: 'A-1' },
    fingerprint: 'abc',
    hold: { id: 'job', action: 'placed', expiresAt: hour(5) },
    merged: [{ from: 'grn_1', into: 'grn_2' }],
    draws: entry.draws.map((draw) => ({ ...draw, held: 3, expiresAt: day(9) })),
  };
  return { ...rich, hash: hashEntry(rich) };
}

function firstDraw(entry: Entry | undefined): Entry['draws'][number] {
  const draw = entry?.draws[0];
  if (!draw) throw new Error('no draw');
  return draw;
}
