import { html, type Html } from '#infra/local/providers/html';
import { checkoutLayout } from '#infra/local/providers/page';
import { LAST4 } from '#infra/local/stripe/customer-shape';
import { knownEmail, type Payment, type Session } from '#infra/local/stripe/records';

/** What the page knows of a session when it is shown. */
export interface PageFacts {
  readonly session: Session;
  readonly payment: Payment | undefined;
  /** Whether the bank has refused to let the last card be saved. */
  readonly isDeclined?: boolean;
  /** What was wrong with the form that was just sent. */
  readonly problem?: { readonly message: string; readonly email: string };
}

/** What is known of the payer is shown, and not asked again. */
export function emailField({ session, problem }: PageFacts): Html {
  const known = knownEmail(session);
  const field =
    known === null
      ? html`<input
          id="email"
          name="email"
          type="email"
          autocomplete="email"
          required
          value="${problem?.email ?? ''}"
        />`
      : html`<input id="email" type="email" readonly value="${known}" />`;
  return html`<label for="email">E-mail</label> ${field}`;
}

/** Which card is saved: what it does when it is charged later, while its owner is away. */
export function cardField(): Html {
  return html`<label for="card">Card</label>
    <select id="card" name="card">
      <option value="pays">${`•••• ${LAST4.pays}: pays when charged later`}</option>
      <option value="declines">${`•••• ${LAST4.declines}: is declined when charged later`}</option>
      <option value="asks">${`•••• ${LAST4.asks}: asks for its owner when charged later`}</option>
    </select>`;
}

export function back(url: string | null): Html | undefined {
  return url === null ? undefined : html`<p><a href="${url}">Back to the shop</a></p>`;
}

export function layout(page: {
  readonly title: string;
  readonly content: Html;
  readonly nonce: string;
}): Html {
  return checkoutLayout({ provider: 'Stripe', ...page });
}
