import { hash } from 'node:crypto';
import { invariant } from '#lib/invariant';
import type { RollupUsers } from '#lib/reports/rollup';

/**
 * Who was active, so that the users of several hours or days can be counted once. Counting distinct users of any period
 * needs the users themselves; a digest of 64 bits stands for each, which keeps 20,000 of them in one item and takes two
 * for one in less than one of ten million periods with a million users.
 */
export type ActiveUsers = ReadonlyMap<string, ReadonlySet<string>>;

const DIGEST_LENGTH = 11;
/** Of one item: 220 KB, well below the 400 KB of an item. */
const DIGESTS_MAX = 20_000;

export function digestOf(userId: string): string {
  const digest = hash('sha256', userId, 'buffer');
  return digest.subarray(0, 8).toString('base64url');
}

export function mergeUsers(parts: readonly ActiveUsers[]): ActiveUsers {
  const merged = new Map<string, Set<string>>();
  for (const part of parts) {
    for (const [creditType, digests] of part) {
      const known = merged.get(creditType) ?? new Set<string>();
      for (const digest of digests) known.add(digest);
      merged.set(creditType, known);
    }
  }
  return merged;
}

/** Distinct users of one credit type, or of all where it is null. */
export function countUsers(users: ActiveUsers, creditType: string | null): number {
  if (creditType !== null) return users.get(creditType)?.size ?? 0;
  return new Set([...users.values()].flatMap((digests) => [...digests])).size;
}

/** One credit type's users in pieces that fit an item each, in their order. */
export function packUsers(digests: ReadonlySet<string>): readonly RollupUsers[] {
  const sorted = [...digests].toSorted();
  return Array.from({ length: partsOf(sorted.length) }, (_, part) => ({
    digests: sorted.slice(part * DIGESTS_MAX, (part + 1) * DIGESTS_MAX).join(''),
  }));
}

export function unpackUsers({ digests }: RollupUsers): readonly string[] {
  invariant(digests.length % DIGEST_LENGTH === 0, 'digests have one length');
  return Array.from({ length: digests.length / DIGEST_LENGTH }, (_, index) =>
    digests.slice(index * DIGEST_LENGTH, (index + 1) * DIGEST_LENGTH),
  );
}

/** How many items hold so many users. */
export function partsOf(users: number): number {
  return Math.ceil(users / DIGESTS_MAX);
}
