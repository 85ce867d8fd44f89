import { invariant } from '#lib/invariant';
import type { Entry } from '#lib/ledger/entry';
import { isWhole, METADATA_BYTES_MAX } from '#lib/ledger/limits';
import type { Head } from '#lib/ledger/wallet';

/** Crashes the request before an entry can be written that does not continue its wallet (DESIGN 3.1, 3.3). */
export function checkEntry(head: Head, entry: Entry): void {
  invariant(
    entry.userId === head.userId && entry.creditType === head.creditType,
    'an entry belongs to its wallet',
  );
  invariant(entry.seq === head.seq + 1, 'entries are numbered without gaps');
  invariant(
    entry.ordinal === (head.counts[entry.type] ?? 0) + 1,
    'entries are numbered within their type',
  );
  invariant(entry.prevHash === head.headHash, 'each entry names the one before it');
  invariant(entry.createdAt >= head.updatedAt, 'time never runs backwards within a wallet');
  const { amount, debtChange, forgiven, draws } = entry;
  const credits = [amount, debtChange, forgiven, ...draws.flatMap((d) => [d.amount, d.held])];
  invariant(credits.every(isWhole), 'credits are whole');
  invariant(
    Buffer.byteLength(JSON.stringify(entry.metadata)) <= METADATA_BYTES_MAX,
    'metadata is parsed and bounded before it comes here',
  );
  const grantTimes = draws.flatMap((draw) => [draw.grantedAt, draw.expiresAt ?? draw.grantedAt]);
  const times = [entry.createdAt, ...grantTimes, entry.hold?.expiresAt ?? entry.createdAt];
  invariant(
    times.every((time) => INSTANT.test(time)),
    'times are UTC with milliseconds, so that they compare as strings',
  );
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
