import { html } from '#lib/notifications/html';
import { formatMoney } from '#lib/purchases/money-format';
import type { Purchase } from '#lib/purchases/purchase';
import { paidAtOf, paidMinorOf, refundedMinorOf } from '#lib/purchases/purchase-status';

/**
 * The receipt of a purchase as a page to print, or null while nothing is paid. Everything in it is escaped: package
 * names and addresses are other people's words.
 */
export function receiptPage(purchase: Purchase, seller: { readonly name: string }): string | null {
  const paidAt = paidAtOf(purchase);
  if (paidAt === null) return null;
  const money = (amountMinor: number): string =>
    formatMoney({ amountMinor, currency: purchase.currency });
  const refunded = refundedMinorOf(purchase);
  const credits = `${purchase.credits.toLocaleString('en')} ${purchase.creditType}`;
  const rows: readonly (readonly [string, string])[] = [
    ['Receipt for', purchase.id],
    ...(purchase.email === null ? [] : [['Billed to', purchase.email] as const]),
    ['Date', formatDate(paidAt)],
    ['Package', purchase.packageName],
    ['Credits', credits],
    ['Price', money(purchase.amountMinor)],
    ['Paid', money(paidMinorOf(purchase))],
    ...(refunded === 0 ? [] : [['Refunded', money(refunded)] as const]),
    ...purchase.payments.map((payment) => ['Payment reference', payment.ref] as const),
    ...(purchase.credited ? [['Transaction', purchase.credited.entryId] as const] : []),
  ];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Receipt ${purchase.id}</title>
        <style>
          body {
            font:
              16px/1.5 system-ui,
              sans-serif;
            color: #1c2024;
            max-width: 40rem;
            margin: 2rem auto;
            padding: 0 1rem;
          }
          table {
            width: 100%;
            border-collapse: collapse;
          }
          th {
            text-align: left;
            font-weight: normal;
            color: #60646c;
            padding: 0.4rem 1rem 0.4rem 0;
            vertical-align: top;
          }
          td {
            text-align: right;
            overflow-wrap: anywhere;
          }
          tr {
            border-bottom: 1px solid #e0e3e8;
          }
          @media print {
            body {
              margin: 0;
            }
          }
        </style>
      </head>
      <body>
        <h1>Receipt</h1>
        <p>${seller.name}</p>
        <table>
          ${rows.map(
            ([label, value]) =>
              html`<tr>
                <th scope="row">${label}</th>
                <td>${value}</td>
              </tr> `,
          )}
        </table>
      </body>
    </html> `.html;
}

/** In UTC, because we do not know where the reader is. */
function formatDate(instant: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
  return format.format(new Date(instant));
}
