import { html, type Html } from '#infra/local/stripe/html';
import { formatMoney } from '#infra/local/stripe/money';
import { sessionTotal, type Payment, type Session } from '#infra/local/stripe/records';

/** What the page knows of a session when it is shown. */
export interface PageFacts {
  readonly session: Session;
  readonly payment: Payment | undefined;
  /** What was wrong with the form that was just sent. */
  readonly problem?: { readonly message: string; readonly email: string };
}

/** The hosted page of a session, in whatever state it is. */
export function checkoutPage(facts: PageFacts, nonce: string): Html {
  const { session } = facts;
  const total = formatMoney(sessionTotal(session), session.currency);
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
  const { session, payment, problem } = facts;
  const message = problem?.message ?? payment?.error?.message;
  const email =
    session.customer_email === null
      ? html`<input
          id="email"
          name="email"
          type="email"
          autocomplete="email"
          required
          value="${problem?.email ?? ''}"
        />`
      : html`<input id="email" type="email" readonly value="${session.customer_email}" />`;
  return html`<h2 id="payment">Payment</h2>
    ${message === undefined ? undefined : html`<p class="problem" role="alert">${message}</p>`}
    <form method="post">
      <label for="email">E-mail</label>
      ${email}
      <label for="name">Name on card <small>(optional)</small></label>
      <input id="name" name="name" autocomplete="cc-name" maxlength="200" />
      <button class="primary" name="outcome" value="success">Pay ${total}</button>
      <button name="outcome" value="decline">Decline card</button>
      <button name="outcome" value="async_success">Pay later by bank</button>
      <button class="quiet" name="outcome" value="cancel" formnovalidate>Cancel</button>
    </form>`;
}

function back(url: string | null): Html | undefined {
  return url === null ? undefined : html`<p><a href="${url}">Back to the shop</a></p>`;
}

function layout(page: {
  readonly title: string;
  readonly content: Html;
  readonly nonce: string;
}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <style nonce="${page.nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>Checkout</h1>
          <p><strong>Test mode</strong> This page stands in for Stripe. No money moves.</p>
        </header>
        <main>${page.content}</main>
      </body>
    </html>`;
}

const STYLE: Html = html`
  :root { color-scheme: light dark; --ink: #1a1f36; --dim: #545969; --line: #d5dbe1; --paper:
  #ffffff; --side: #f6f8fa; --accent: #4b45c6; --bad: #b3093c; } @media (prefers-color-scheme: dark)
  { :root { --ink: #f0f2f7; --dim: #b5bccb; --line: #3b4154; --paper: #1b2030; --side: #14182499;
  --accent: #a5a0ff; --bad: #ff9db5; } button.primary { color: #14182b; } } * { box-sizing:
  border-box; } body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--side); } header { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem;
  align-items: baseline; justify-content: space-between; max-width: 60rem; margin: 0 auto; padding:
  1.5rem 1.5rem 0; } h1 { font-size: 1.125rem; margin: 0; } h2 { font-size: 1.125rem; margin: 0 0
  1rem; } header p { margin: 0; color: var(--dim); font-size: 0.875rem; } header strong {
  background: #ffde92; color: #4a2d00; padding: 0.1rem 0.5rem; border-radius: 0.25rem; margin-right:
  0.35rem; } main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem),
  1fr)); gap: 1.5rem; max-width: 60rem; margin: 0 auto; padding: 1.5rem; align-items: start; }
  section { min-width: 0; } section.payment { background: var(--paper); border: 1px solid
  var(--line); border-radius: 0.75rem; padding: 1.5rem; } section.summary { padding: 1.5rem 0; }
  .total { font-size: 2.25rem; font-weight: 600; margin: 0 0 1.5rem; } ul { list-style: none;
  margin: 0; padding: 0; } li { display: flex; justify-content: space-between; gap: 1rem; padding:
  0.75rem 0; border-top: 1px solid var(--line); } li span { overflow-wrap: anywhere; } li.sum {
  font-weight: 600; } small { color: var(--dim); font-weight: 400; } .description { display: block;
  } label { display: block; font-weight: 500; margin: 0 0 0.25rem; } input { width: 100%; font:
  inherit; color: inherit; background: var(--paper); border: 1px solid var(--dim); border-radius:
  0.4rem; padding: 0.6rem 0.75rem; margin-bottom: 1rem; } input[readonly] { background: transparent;
  border-color: var(--line); } button { width: 100%; font: inherit; font-weight: 600; color:
  inherit; cursor: pointer; background: transparent; border: 1px solid var(--dim); border-radius:
  0.4rem; padding: 0.65rem 1rem; margin-top: 0.6rem; min-height: 2.75rem; } button.primary {
  background: var(--accent); border-color: var(--accent); } button.quiet { border-color:
  transparent; text-decoration: underline; } button:hover { filter: brightness(0.94); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; } a { color:
  var(--accent); } .problem { color: var(--bad); border-left: 4px solid var(--bad); padding-left:
  0.75rem; } @media (prefers-color-scheme: light) { button.primary { color: #ffffff; } }
`;
