/** What must hold whatever happened: a breach names its invariant by number and says it in full. */
export const INVARIANTS = {
  1: 'the entries of a wallet are numbered 1 to n without a gap, and its head is at n',
  2: 'each entry begins where the one before it ended, in balance and hash, and the head ends where the last one did',
  3: 'neither balance nor debt is negative, no more is held than there is, and the debt is what the entries say',
  4: 'a transfer takes from one wallet what it gives another, and all wallets have what came in less what went out',
  5: 'what was written once (an entry, a redemption, a record of an admin’s act) stays as it is, for ever',
  6: 'one intent makes one entry at most',
  7: 'a payment belongs to one purchase, and a purchase is credited once at most, whatever events tell of it',
  8: 'nothing that was paid is lost: a purchase is credited exactly if it is paid',
  9: 'nothing happens without a cause and an actor, and what is had for credits was paid with them',
  10: 'never more is given or taken back than there was, and as much as records and refunds say',
  11: 'a dispute takes back its share once, and gives it back once if it is won',
  12: 'credits are held exactly by open holds, and a hold ends once, as its record says',
  13: 'the grants of a wallet add up to its balance, none gives more than it has, and none after it has expired',
  14: 'a code is redeemed as often as it counts and no more than it allows, once by each user, for what it is worth',
  15: 'what is credited is what was agreed when the purchase was made, and that never changes',
  16: 'an entry lies with the user whom its cause is about',
  17: 'what is known of a purchase is not forgotten, and a purchase that is credited stays so',
  18: 'one cause sends one mail; a second one comes only where nobody can know of the first',
  19: 'totals and movements of money say what entries and payments add up to',
  20: 'every stored number is a safe whole one',
  21: 'what an admin does to a wallet is on record',
  22: 'the entries of a wallet are made one after the other in time, too',
} as const;
export type InvariantNumber = keyof typeof INVARIANTS;

/** A breach of one of them, in the words of whoever reads a red test. */
export function breach(number: InvariantNumber, what: string): string {
  return `${number}: ${what} [must hold: ${INVARIANTS[number]}]`;
}
