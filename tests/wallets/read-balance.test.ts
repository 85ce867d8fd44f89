import { expect, test } from 'vitest';
import { emptyHead, type WalletRef } from '#lib/ledger/wallet';
import { createBalanceReader } from '#lib/wallets/read-balance';

const wallet = { userId: 'alice', creditType: 'general' };
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20) + seconds * 1_000).toISOString();

function countingReader() {
  const reads: string[] = [];
  const reader = createBalanceReader({
    loadHead: async (ref: WalletRef) => {
      reads.push(ref.userId);
      return { ...emptyHead(ref), seq: reads.length };
    },
    loadHeads: async () => [],
  });
  const read = async (seconds: number, maxAgeSeconds: number, of = wallet) =>
    (await reader.headOf(of, { now: at(seconds), maxAgeSeconds })).seq;
  return { read, reads };
}

test('without a max-age every answer is read from the table', async () => {
  const { read } = countingReader();
  expect(await read(0, 0)).toBe(1);
  expect(await read(0, 0)).toBe(2);
});

test('an answer is as old as the caller allows, and never older', async () => {
  const { read } = countingReader();
  await read(0, 60);
  expect(await read(60, 60)).toBe(1);
  expect(await read(61, 60)).toBe(2);
  expect(await read(62, 0)).toBe(3);
  expect(await read(63, 5)).toBe(3);
});

test('one wallet’s answer is never another’s', async () => {
  const { read } = countingReader();
  await read(0, 60);
  expect(await read(1, 60, { ...wallet, userId: 'bob' })).toBe(2);
  expect(await read(1, 60, { ...wallet, creditType: 'calling' })).toBe(3);
});

test('a clock that was set back makes no old answer fresh', async () => {
  const { read } = countingReader();
  await read(100, 60);
  expect(await read(50, 60)).toBe(2);
});

test('the cache is bounded: the oldest reading goes first', async () => {
  const { read, reads } = countingReader();
  for (let n = 0; n <= 1_000; n += 1) await read(0, 60, { ...wallet, userId: `u${n}` });
  reads.length = 0;
  await read(1, 60, { ...wallet, userId: 'u1000' });
  expect(reads).toEqual([]);
  await read(1, 60, { ...wallet, userId: 'u0' });
  expect(reads).toEqual(['u0']);
});
