import { formatMoney } from '#lib/purchases/money-format';

/** `1 credit`, `1,250 credits`. */
export function formatCredits(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'credit' : 'credits'}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** In UTC and saying so: we do not know where the reader is. */
export function formatInstant(instant: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return `${format.format(new Date(instant))} UTC`;
}

export type MailRow = readonly [label: string, value: string];

/** An amount and its total without tax. They are equal: prices are agreed without tax, and we add none. */
export function moneyRows(
  label: string,
  money: { readonly amountMinor: number; readonly currency: string },
): readonly MailRow[] {
  const amount = formatMoney(money);
  return [
    [label, amount],
    ['Tax-free total', amount],
  ];
}

/** Entries of the ledger that say what the mail says. */
export function transactionRows(entryIds: readonly string[]): readonly MailRow[] {
  return entryIds.map((id) => ['Transaction', id]);
}
