import { html, type Html } from '#infra/local/providers/html';
import { formatMoney } from '#infra/local/providers/money';
import {
  back,
  cardField,
  emailField,
  layout,
  type PageFacts,
} from '#infra/local/stripe/page-parts';
import { sessionTotal } from '#infra/local/stripe/records';
import { setupPage } from '#infra/local/stripe/setup-view';

/** The hosted page of a session, in whatever state it is. */
export function checkoutPage(facts: PageFacts, nonce: string): Html {
  const { session } = facts;
  if (session.mode === 'setup') return setupPage(facts, nonce);
  const price = formatMoney(sessionTotal(session), session.currency);
  const total = session.mode === 'subscription' ? `${price} per month` : price;
  const content = html`
    <section class="summary" aria-labelledby="summary">
      <h2 id="summary">Your order</h2>
      <p class="total">${total}</p>
      <ul>
        ${session.lines.map(
          (line) => html`
            <li>
              <span
                >${line.name}${line.quantity === 1 ? undefined : html` <small>× ${line.quantity}</small>`}
                ${
                  line.description === null
                    ? undefined
                    : html`<small class="description">${line.description}</small>`
                }</span
              >
              <span>${formatMoney(line.unit_amount * line.quantity, session.currency)}</span>
            </li>
          `,
        )}
        <li class="sum"><span>Total due</span><span>${total}</span></li>
      </ul>
    </section>
    <section class="payment" aria-labelledby="payment">${action(facts, total)}</section>
  `;
  return layout({ title: `Pay ${total}`, content, nonce });
}

/** The answer for an id that names no session. */
export function unknownSessionPage(nonce: string): Html {
  const content = html`<section class="payment">
    <h2>Nothing to pay here</h2>
    <p>This address belongs to no checkout of this account.</p>
  </section>`;
  return layout({ title: 'Checkout not found', content, nonce });
}

function action(facts: PageFacts, total: string): Html {
  const { session, payment } = facts;
  if (session.status === 'open') return payForm(facts, total);
  if (session.status === 'expired') {
    return html`<h2 id="payment">This checkout has expired</h2>
      <p role="status">Nothing was charged.</p>
      ${back(session.cancel_url)}`;
  }
  const success = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
  if (payment?.status === 'processing') {
    return html`<h2 id="payment">Your payment is on its way</h2>
      <p role="status">
        The bank will answer in a moment. To decide yourself what it says, use one of these.
      </p>
      <form method="post">
        <button class="primary" name="outcome" value="async_success">The bank pays</button>
        <button name="outcome" value="async_failure">The bank refuses</button>
      </form>
      ${back(success)}`;
  }
  if (session.payment_status === 'unpaid') {
    return html`<h2 id="payment">The payment failed</h2>
      <p role="status">The bank refused it. Nothing was charged.</p>
      ${back(session.cancel_url ?? success)}`;
  }
  return html`<h2 id="payment">Thank you</h2>
    <p role="status">
      ${session.payment_status === 'paid' ? html`${total} paid.` : html`Nothing was to be paid.`}
    </p>
    ${back(success)}`;
}

function payForm(facts: PageFacts, total: string): Html {
  const { payment, problem } = facts;
  const message = problem?.message ?? payment?.error?.message;
  return html`<h2 id="payment">Payment</h2>
    ${message === undefined ? undefined : html`<p class="problem" role="alert">${message}</p>`}
    <form method="post">
      ${emailField(facts)}
      <label for="name">Name on card <small>(optional)</small></label>
      <input id="name" name="name" autocomplete="cc-name" maxlength="200" />
      ${facts.session.mode === 'subscription' ? cardField() : undefined}
      <button class="primary" name="outcome" value="success">Pay ${total}</button>
      <button name="outcome" value="decline">Decline card</button>
      ${
        facts.session.mode === 'subscription'
          ? undefined
          : html`<button name="outcome" value="async_success">Pay later by bank</button>`
      }
      <button class="quiet" name="outcome" value="cancel" formnovalidate>Cancel</button>
    </form>`;
}
