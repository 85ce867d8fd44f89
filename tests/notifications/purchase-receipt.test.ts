import { describe, expect, it } from 'vitest';
import { purchaseReceipt } from '#lib/notifications/templates/purchase-receipt';
import type { Purchase } from '#lib/purchases/purchase';
import { purchaseOf } from '#tests/purchases/purchase-builders';

function receiptOf(changes: Partial<Purchase> = {}, appName = 'Credit Ledger') {
  const amountMinor = changes.amountMinor ?? 1_000;
  const purchase = purchaseOf({
    payments: [{ ref: 'pi_1', amountMinor, at: '2026-11-18T23:06:40.000Z' }],
    credited: { credits: 100, entryId: 'txn_1' },
    ...changes,
  });
  return purchaseReceipt({ appName, purchase });
}

describe('a receipt', () => {
  it('can be read as plain text', () => {
    expect(receiptOf()).toMatchObject({
      subject: 'Your receipt for 100 credits',
      text: [
        'Thank you for your purchase. 100 credits have been added to your balance.',
        '',
        'Package:        Starter',
        'Credits:        100',
        'Credit type:    general',
        'Amount paid:    $10.00',
        'Tax-free total: $10.00',
        'Date:           18 November 2026 at 23:06 UTC',
        'Purchase:       pur_1',
        'Transaction:    txn_1',
        '',
        'Please keep this e-mail for your records.',
        '',
        'Credit Ledger',
        '',
      ].join('\n'),
    });
  });

  it('says the same in HTML', () => {
    const { html } = receiptOf();
    for (const said of ['100 credits have been added', '$10.00', 'pur_1', 'txn_1', 'Starter']) {
      expect(html).toContain(said);
    }
  });

  it.each([
    ['JPY', 1_000, '¥1,000'],
    ['KWD', 1_500, 'KWD 1.500'],
    ['INR', 99_900, '₹999.00'],
    ['EUR', 1, '€0.01'],
    ['USD', 0, '$0.00'],
  ])('shows %s %i as %s', (currency, amountMinor, shown) => {
    const { text } = receiptOf({ currency, amountMinor });
    const spaced = text.replaceAll('\u00a0', ' ');
    expect(spaced).toContain(`Amount paid:    ${shown}\nTax-free total: ${shown}\n`);
  });

  it('shows large numbers of credits so that they can be read, and one as one', () => {
    expect(receiptOf({ credits: 1_250_000 }).subject).toBe('Your receipt for 1,250,000 credits');
    expect(receiptOf({ credits: 1 }).subject).toBe('Your receipt for 1 credit');
  });

  it('says nothing of credits that are not there yet', () => {
    const { text } = receiptOf({ credited: null });
    expect(text).not.toContain('have been added');
    expect(text).not.toContain('Transaction');
  });

  it('runs nothing that somebody wrote into a name', () => {
    const evil = `<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`;
    const { html } = receiptOf({ packageName: evil }, evil);
    expect(html).not.toContain('<script');
    expect(html).not.toContain('<img');
    expect(html).toContain(
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;amp;',
    );
  });
});
