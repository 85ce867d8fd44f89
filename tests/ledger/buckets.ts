import type { Category } from '#lib/ledger/wallet';

/* The model's credits: buckets that fill and empty in place, and stacks of what left them. */

export interface Terms {
  readonly category: Category;
  readonly priority: number;
  /** In hours; Infinity for never. */
  readonly expires: number;
}
export interface Bucket extends Terms {
  readonly id: string;
  readonly granted: number;
  free: number;
  held: number;
}
export interface Piece extends Terms {
  readonly id: string;
  readonly granted: number;
  amount: number;
}
/** Removes credits from the end of a stack and returns them, the last first. */
export function popCredits<T extends { amount: number }>(stack: T[], amount: number): T[] {
  const popped: T[] = [];
  let left = amount;
  while (left > 0) {
    const top = stack.at(-1);
    if (!top) throw new Error('the stack holds less than is asked of it');
    const part = Math.min(left, top.amount);
    popped.push({ ...top, amount: part });
    top.amount -= part;
    left -= part;
    if (top.amount === 0) stack.pop();
  }
  return popped;
}

export function pieceOf(
  { id, category, priority, expires, granted }: Bucket,
  amount: number,
): Piece {
  return { id, category, priority, expires, granted, amount };
}

export function burnOrder(buckets: readonly Bucket[]): readonly Bucket[] {
  return buckets.toSorted((a, b) => compare(rank(a), rank(b)));
}

type Rank = readonly (number | string)[];

export function rank({ priority, expires, category, granted, id }: Bucket): Rank {
  const turn = { promotional: 1, plan: 2, paid: 3 }[category];
  return [priority, expires, turn, granted, id];
}

export function compare(a: Rank, b: Rank): number {
  for (const [place, left] of a.entries()) {
    const right = b[place] ?? '';
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

export function termsOf({ category, priority, expires }: Terms): string {
  return [category, priority, expires].join();
}

export function sum(parts: readonly { readonly amount: number }[]): number {
  return parts.reduce((all, part) => all + part.amount, 0);
}
