import { html, type Html } from '#infra/local/providers/html';
import {
  back,
  cardField,
  emailField,
  layout,
  type PageFacts,
} from '#infra/local/stripe/page-parts';

/** The hosted page that saves a card, in whatever state it is. */
export function setupPage(facts: PageFacts, nonce: string): Html {
  const content = html`<section class="payment" aria-labelledby="payment">
    ${action(facts)}
  </section>`;
  return layout({ title: 'Save a card', content, nonce });
}

function action(facts: PageFacts): Html {
  const { session } = facts;
  if (session.status === 'open') return saveForm(facts);
  if (session.status === 'expired') {
    return html`<h2 id="payment">This page has expired</h2>
      <p role="status">No card was saved.</p>
      ${back(session.cancel_url)}`;
  }
  return html`<h2 id="payment">Thank you</h2>
    <p role="status">Your card is saved. Nothing was charged.</p>
    ${back(session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id))}`;
}

function saveForm(facts: PageFacts): Html {
  const message =
    facts.problem?.message ?? (facts.isDeclined ? 'Your card was declined.' : undefined);
  return html`<h2 id="payment">Save a card for later</h2>
    ${message === undefined ? undefined : html`<p class="problem" role="alert">${message}</p>`}
    <form method="post">
      ${emailField(facts)}
      <label for="name">Name on card <small>(optional)</small></label>
      <input id="name" name="name" autocomplete="cc-name" maxlength="200" />
      ${cardField()}
      <button class="primary" name="outcome" value="success">Save card</button>
      <button name="outcome" value="decline">Decline card now</button>
      <button class="quiet" name="outcome" value="cancel" formnovalidate>Cancel</button>
    </form>`;
}
