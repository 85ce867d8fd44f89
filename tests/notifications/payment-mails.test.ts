import { describe, expect, it } from 'vitest';
import type { MailContent } from '#lib/notifications/mailer';
import { disputeNotice } from '#lib/notifications/templates/dispute-notice';
import { paymentFailed } from '#lib/notifications/templates/payment-failed';
import { refundDone } from '#lib/notifications/templates/refund-done';
import type { Purchase } from '#lib/purchases/purchase';
import { purchaseOf } from '#tests/purchases/purchase-builders';

const appName = 'Credit Ledger';
const at = '2026-11-18T23:06:40.000Z';

function failureOf(changes: Partial<Purchase> = {}): MailContent {
  const purchase = purchaseOf({ outcomes: [{ kind: 'failed', at }], ...changes });
  return paymentFailed({ appName, purchase });
}

/** A quarter of the price, refunded. */
function refundOf(changes: Partial<Purchase> = {}): MailContent {
  const { amountMinor } = purchaseOf(changes);
  const refund = {
    id: 're_1',
    paymentRef: 'pi_1',
    amountMinor: amountMinor / 4,
    state: 'succeeded',
    at,
  } as const;
  const purchase = purchaseOf({
    payments: [{ ref: 'pi_1', amountMinor, at }],
    refunds: [refund],
    credited: { credits: 100, entryId: 'txn_credit' },
    corrections: [{ kind: 'reversal', credits: 25, entryId: 'txn_back' }],
    ...changes,
  });
  return refundDone({ appName, purchase, refund });
}

function disputeOf(
  changes: Partial<Purchase> = {},
  state: Purchase['disputes'][0]['state'] = 'open',
): MailContent {
  const { amountMinor } = purchaseOf(changes);
  const dispute = { id: 'dp_1', paymentRef: 'pi_1', amountMinor, state, at } as const;
  const purchase = purchaseOf({
    payments: [{ ref: 'pi_1', amountMinor, at }],
    disputes: [dispute],
    credited: { credits: 100, entryId: 'txn_credit' },
    corrections: [{ kind: 'reversal', credits: 100, entryId: 'txn_back' }],
    ...changes,
  });
  return disputeNotice({ appName, purchase, dispute });
}

describe('as plain text', () => {
  it('a failed payment says that nothing is owed and nothing was added', () => {
    expect(failureOf()).toMatchObject({
      subject: 'Your payment for 100 credits failed',
      text: [
        'Your payment of $10.00 did not go through. No credits have been added to your balance, and nothing is owed for this purchase.',
        '',
        'Package:        Starter',
        'Credits:        100',
        'Credit type:    general',
        'Amount:         $10.00',
        'Tax-free total: $10.00',
        'Date:           18 November 2026 at 23:06 UTC',
        'Purchase:       pur_1',
        '',
        'You can buy the credits again whenever you like, with another way to pay.',
        '',
        'Credit Ledger',
        '',
      ].join('\n'),
    });
  });

  it('a refund says the money and the credits, and where both stand', () => {
    expect(refundOf()).toMatchObject({
      subject: 'Your refund of $2.50',
      text: [
        'We have refunded $2.50 of your purchase. 25 credits of that purchase have been taken back.',
        '',
        'Package:            Starter',
        'Refunded:           $2.50',
        'Tax-free total:     $2.50',
        'Credits taken back: 25',
        'Credit type:        general',
        'Date:               18 November 2026 at 23:06 UTC',
        'Refund:             re_1',
        'Purchase:           pur_1',
        'Transaction:        txn_back',
        '',
        'Your bank may need some days to show the money.',
        '',
        'Credit Ledger',
        '',
      ].join('\n'),
    });
  });

  it('a dispute says all that finance needs to find it', () => {
    expect(disputeOf()).toMatchObject({
      subject: 'Payment disputed: $10.00, pur_1',
      text: [
        'A payment of Credit Ledger is disputed at Stripe. The money is withdrawn until it is decided, and so are the credits.',
        '',
        'Disputed:           $10.00',
        'Tax-free total:     $10.00',
        'Status:             open',
        'Since:              18 November 2026 at 23:06 UTC',
        'Provider:           Stripe',
        'Dispute:            dp_1',
        'Payment:            pi_1',
        'Purchase:           pur_1',
        'User:               user-1',
        'Package:            Starter',
        'Credits taken back: 100',
        'Credit type:        general',
        'Transaction:        txn_back',
        '',
        'Evidence and deadline are in the dashboard of Stripe; the ledger follows what is decided there.',
        '',
        'Credit Ledger',
        '',
      ].join('\n'),
    });
  });
});

it('a refund that took one credit, or none, says so', () => {
  const one = refundOf({ credits: 4, corrections: [reversalOf(1)] });
  expect(one.text).toContain('1 credit of that purchase has been taken back.');
  const none = refundOf({ corrections: [] });
  expect(none.text).toContain('No credits have been taken back for it.');
  expect(none.text).not.toContain('Transaction:');
});

it.each([
  ['inquiry', 'no money has been withdrawn', 'Payment inquiry'],
  ['lost', 'the money is gone', 'Dispute lost'],
  ['won', 'the money is back', 'Dispute won'],
] as const)('a dispute that is %s by now says that %s', (state, said, subject) => {
  const mail = disputeOf({}, state);
  expect(mail.text).toContain(said);
  expect(mail.subject).toContain(subject);
});

describe.each([
  ['a failed payment', failureOf],
  ['a refund', refundOf],
  ['a dispute', disputeOf],
] as const)('%s', (name, mailOf) => {
  const part = name === 'a refund' ? 4 : 1;

  it.each([
    ['USD', 4_900 * part, '$49.00'],
    ['INR', 12_345_600 * part, '₹123,456.00'],
    ['JPY', 5_000 * part, '¥5,000'],
    ['KWD', 1_500 * part, 'KWD 1.500'],
  ])('shows %s as the currency is written, in both forms', (currency, amountMinor, shown) => {
    const { text, html } = mailOf({ currency, amountMinor });
    expect(text.replaceAll('\u00a0', ' ')).toMatch(
      new RegExp(`Tax-free total: +${escaped(shown)}\n`),
    );
    expect(html.replaceAll('\u00a0', ' ')).toContain(`>${shown}<`);
  });

  it('says in HTML what it says in text', () => {
    const { text, html } = mailOf();
    const said = text
      .split('\n')
      .map((line) => line.replace(/^[\w -]+: +/, ''))
      .filter((line) => line !== '');
    expect(said.length).toBeGreaterThan(8);
    for (const line of said) expect(html).toContain(line);
  });

  it('runs nothing that somebody wrote into a name', () => {
    const { html } = mailOf({ packageName: `<img src=x onerror='alert(1)'>` });
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=&#39;alert(1)&#39;&gt;');
  });
});

function reversalOf(credits: number) {
  return { kind: 'reversal', credits, entryId: 'txn_back' } as const;
}

function escaped(text: string): string {
  return text.replace(/[$.]/g, String.raw`\$&`);
}
