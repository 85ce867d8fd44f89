import { html, type Html } from '#infra/local/providers/html';
import { formatMoney } from '#infra/local/providers/money';
import { checkoutLayout } from '#infra/local/providers/page';
import type { Handover } from '#infra/local/razorpay/checkout';
import type { Order, Payment } from '#infra/local/razorpay/records';

/** What the page knows of an order when it is shown. */
export interface PageFacts {
  readonly order: Order;
  /** The last attempt to pay. */
  readonly payment: Payment | undefined;
  /** What the app is to be given, once the payment is authorized. */
  readonly handover: Handover | undefined;
  /** Where the app wants it posted to. */
  readonly callbackUrl: string | undefined;
  /** What was wrong with the form that was just sent. */
  readonly problem?: { readonly message: string; readonly email: string };
  /** The customer has just closed the page without paying. */
  readonly cancelled?: boolean;
}

/** The checkout page of an order, in whatever state it is. */
export function checkoutPage(facts: PageFacts, nonce: string): Html {
  const { order } = facts;
  const total = formatMoney(order.amount, order.currency.toLowerCase());
  const content = html`
    <section class="summary" aria-labelledby="summary">
      <h2 id="summary">Your order</h2>
      <p class="total">${total}</p>
      <ul>
        <li><span>Order</span><span>${order.id}</span></li>
        ${
          order.receipt === null
            ? undefined
            : html`<li><span>Receipt</span><span>${order.receipt}</span></li>`
        }
        ${Object.entries(order.notes).map(
          ([name, value]) => html`<li><span>${name}</span><span>${value}</span></li>`,
        )}
        <li class="sum"><span>Total due</span><span>${total}</span></li>
      </ul>
    </section>
    <section class="payment" aria-labelledby="payment">${action(facts, total)}</section>
  `;
  return checkoutLayout({ provider: 'Razorpay', title: `Pay ${total}`, content, nonce });
}

/** The answer for an id that names no order. */
export function unknownOrderPage(nonce: string): Html {
  const content = html`<section class="payment">
    <h2>Nothing to pay here</h2>
    <p>This address belongs to no order of this account.</p>
  </section>`;
  return checkoutLayout({ provider: 'Razorpay', title: 'Order not found', content, nonce });
}

function action(facts: PageFacts, total: string): Html {
  const { payment, handover } = facts;
  if (payment === undefined || payment.status === 'failed') return payForm(facts, total);
  if (payment.status === 'created') {
    return html`<h2 id="payment">Your payment is on its way</h2>
      <p role="status">
        The bank will answer in a moment. To decide yourself what it says, use one of these.
      </p>
      <form method="post">
        <button class="primary" name="outcome" value="async_success">The bank pays</button>
        <button name="outcome" value="async_failure">The bank refuses</button>
      </form>`;
  }
  return html`<h2 id="payment">Thank you</h2>
    <p role="status">${statusOf(payment, total)}</p>
    ${
      payment.settles_as === 'captured'
        ? html`<form method="post">
            <button name="outcome" value="async_success">Capture it now</button>
          </form>`
        : undefined
    }
    ${handover === undefined ? undefined : handoverForm(handover, facts.callbackUrl)}`;
}

function statusOf(payment: Payment, total: string): string {
  if (payment.status === 'authorized') return `${total} authorized, and not captured yet.`;
  if (!payment.captured) return `${total} given back: nobody captured it.`;
  return payment.status === 'refunded' ? `${total} paid, and refunded.` : `${total} paid.`;
}

/** What Checkout hands to the app: posted to its address, or shown to be taken by hand. */
function handoverForm(handover: Handover, callbackUrl: string | undefined): Html {
  const fields = [
    ['razorpay_payment_id', handover.razorpay_payment_id],
    ['razorpay_order_id', handover.razorpay_order_id],
    ['razorpay_signature', handover.razorpay_signature],
  ] as const;
  const shown = html`<p>For the app to verify:</p>
    <ul>
      ${fields.map(
        ([name, value]) => html`<li><span>${name}</span><span id="${name}">${value}</span></li>`,
      )}
    </ul>`;
  if (callbackUrl === undefined) return shown;
  return html`${shown}
    <form method="post" action="${callbackUrl}">
      ${fields.map(
        ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
      )}
      <button class="primary">Back to the shop</button>
    </form>`;
}

function payForm(facts: PageFacts, total: string): Html {
  const { payment, problem, cancelled } = facts;
  const isDeclined = payment?.status === 'failed' && cancelled !== true;
  const message = problem?.message ?? (isDeclined ? 'The payment failed.' : undefined);
  return html`<h2 id="payment">Payment</h2>
    ${message === undefined ? undefined : html`<p class="problem" role="alert">${message}</p>`}
    ${
      cancelled === true
        ? html`<p role="status">Cancelled. Nothing was charged; the order can still be paid.</p>`
        : undefined
    }
    <form method="post">
      <label for="method">Pay with</label>
      <select id="method" name="method">
        <option value="card">Card</option>
        <option value="upi">UPI</option>
        <option value="netbanking">Netbanking</option>
      </select>
      <label for="email">E-mail <small>(optional)</small></label>
      <input
        id="email"
        name="email"
        type="email"
        autocomplete="email"
        value="${problem?.email ?? ''}"
      />
      <label for="contact">Phone <small>(optional)</small></label>
      <input id="contact" name="contact" type="tel" autocomplete="tel" maxlength="20" />
      <button class="primary" name="outcome" value="success">Pay ${total}</button>
      <button name="outcome" value="decline">Fail the payment</button>
      <button name="outcome" value="async_success">Authorize now, capture later</button>
      <button name="outcome" value="async_failure">Let the bank think, then refuse</button>
      ${
        isDeclined
          ? html`<button name="outcome" value="late">
              The bank pays the failed one after all
            </button>`
          : undefined
      }
      <button class="quiet" name="outcome" value="cancel" formnovalidate>Cancel</button>
    </form>`;
}
