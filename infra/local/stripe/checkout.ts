import type { Account } from '#infra/local/stripe/account';
import type { CardBehaviour } from '#infra/local/stripe/customer-records';
import { invalidRequest, missingResource } from '#infra/local/stripe/errors';
import { NO_REQUEST, type Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import {
  bookPayment,
  cancelPayment,
  payNow,
  settlePayment,
  startSlowPayment,
} from '#infra/local/stripe/payments';
import { knownEmail, sessionTotal, type Session } from '#infra/local/stripe/records';
import { endSetup, findCustomer, openSetupIntent } from '#infra/local/stripe/saved-cards';
import { beginSubscription } from '#infra/local/stripe/begin-subscription';
import { renderSession } from '#infra/local/stripe/session-shape';

/** What the customer does on the hosted page. */
export const OUTCOMES = ['success', 'decline', 'async_success', 'async_failure', 'cancel'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What came of it, and where the page sends the customer. */
export interface PayResult {
  readonly session_id: string;
  readonly outcome: Outcome;
  readonly status: Session['status'];
  readonly payment_status: Session['payment_status'];
  readonly payment_intent: string | null;
  readonly redirect_url: string | null;
}

export interface Payer {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** How long a slow payment takes, on the stack's clock; at once when not given. */
  readonly settleAfterMs?: number | undefined;
  /** What the card does that the page saves, when it is charged later; it pays when not given. */
  readonly card?: CardBehaviour | undefined;
}

export interface Checkout {
  find(id: string): Session;
  pageUrl(id: string): string;
  readonly render: (session: Session) => ReturnType<typeof renderSession>;
  create(session: Omit<Session, 'id'>, cause: Cause): Session;
  /** Ends an open session, as its API call does. */
  expire(id: string, cause: Cause): Session;
  /** Acts for the customer; throws `StripeApiError` when the session cannot be paid any more. */
  pay(id: string, outcome: Outcome, payer?: Payer): PayResult;
  /** Does what the clock has brought: ends old sessions, lets slow payments arrive. */
  sweep(): void;
  nextDueMs(): number | undefined;
}

const DEFAULT_EMAIL = 'customer@example.com';

/** The life of Checkout Sessions: in payment mode, and in setup mode, which saves a card. */
export function createCheckout(account: Account, publicUrl: () => string): Checkout {
  const { records } = account;
  const pageUrl = (id: string): string => `${publicUrl()}/stripe/checkout/${id}`;
  const render = (session: Session): ReturnType<typeof renderSession> =>
    renderSession(session, pageUrl(session.id));
  const find = (id: string): Session => {
    const session = records.sessions.get(id);
    if (session === undefined) {
      throw missingResource('checkout.session', id, { param: 'session', inPath: true });
    }
    return session;
  };
  const context: SessionContext = { ...account, find, render };
  return {
    find,
    pageUrl,
    render,
    create: (facts, cause) =>
      records.transaction(() => {
        const session = { ...openSession(account, facts, cause), id: newId('session') };
        records.sessions.put(session.id, session);
        records.timers.put(`expire:${session.id}`, {
          session: session.id,
          what: 'expire',
          due_ms: session.expires_at * 1000,
        });
        return session;
      }),
    expire: (id, cause) => records.transaction(() => expireSession(context, { id, cause })),
    pay: (id, outcome, payer = {}) => {
      sweep(context);
      return records.transaction(() => pay(context, { id, outcome, payer }));
    },
    sweep: () => sweep(context),
    nextDueMs: () =>
      records.timers
        .list()
        .map((timer) => timer.due_ms)
        .reduce<number | undefined>((first, due) => Math.min(first ?? due, due), undefined),
  };
}

/** The facts of a session with whom it belongs to and what it needs before its page is opened. */
function openSession(
  account: Account,
  facts: Omit<Session, 'id'>,
  cause: Cause,
): Omit<Session, 'id'> {
  const owner = facts.customer === null ? null : findCustomer(account, facts.customer, 'customer');
  const payer = owner?.email == null ? null : { email: owner.email, name: owner.name };
  const owned = { ...facts, payer };
  if (facts.setup === null) return owned;
  const intent = openSetupIntent(account, { customer: facts.customer, ...facts.setup }, cause);
  return { ...owned, setup_intent: intent.id };
}

interface SessionContext extends Account {
  find(id: string): Session;
  render(session: Session): ReturnType<typeof renderSession>;
}

function pay(
  context: SessionContext,
  act: { readonly id: string; readonly outcome: Outcome; readonly payer: Payer },
): PayResult {
  const before = context.find(act.id);
  const session = advanceSession(context, { ...act, session: before });
  const redirect_url =
    act.outcome === 'cancel'
      ? session.cancel_url
      : session.status === 'complete'
        ? session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id)
        : null;
  return {
    session_id: session.id,
    outcome: act.outcome,
    status: session.status,
    payment_status: session.payment_status,
    payment_intent: session.payment_intent,
    redirect_url,
  };
}

function advanceSession(
  context: SessionContext,
  act: { readonly session: Session; readonly outcome: Outcome; readonly payer: Payer },
): Session {
  const { session, outcome, payer } = act;
  const present = context.records.payments.get(session.payment_intent ?? '');
  if (present?.status === 'processing' && outcome !== 'cancel') {
    return settleSession(context, {
      session,
      succeeds: outcome === 'success' || outcome === 'async_success',
    });
  }
  if (session.status !== 'open') {
    throw invalidRequest(
      `This Checkout Session cannot be paid: it is ${session.status} (${session.payment_status}).`,
      { code: 'checkout_session_not_open' },
    );
  }
  if (outcome === 'cancel') return session;

  const withPayer: Session = {
    ...session,
    payer: {
      email: knownEmail(session) ?? payer.email ?? DEFAULT_EMAIL,
      name: payer.name ?? session.payer?.name ?? null,
    },
  };
  if (session.mode === 'setup') return setUp(context, { ...act, session: withPayer });
  if (session.mode === 'subscription') return subscribe(context, { ...act, session: withPayer });
  if (sessionTotal(session) === 0) {
    return complete(context, { ...withPayer, payment_status: 'no_payment_required' });
  }
  if (outcome === 'success' || outcome === 'decline') {
    const payment = payNow(context, { session: withPayer, declined: outcome === 'decline' });
    if (payment.status !== 'succeeded') {
      // The page stays open for another card; the payment it began is known from here on.
      const declined = { ...session, payment_intent: payment.id };
      context.records.sessions.put(session.id, declined);
      return declined;
    }
    return complete(context, {
      ...withPayer,
      payment_status: 'paid',
      payment_intent: payment.id,
    });
  }
  const slow = startSlowPayment(context, {
    session: withPayer,
    settlesAs: outcome === 'async_success' ? 'success' : 'failure',
  });
  const waiting = complete(context, { ...withPayer, payment_intent: slow.id });
  if (payer.settleAfterMs === undefined) {
    return settleSession(context, { session: waiting, succeeds: outcome === 'async_success' });
  }
  context.records.timers.put(`settle:${session.id}`, {
    session: session.id,
    what: 'settle',
    due_ms: context.clock.now().getTime() + payer.settleAfterMs,
  });
  return waiting;
}

/** Sells a subscription: its card is saved, and its first invoice paid; a refused one leaves the page open. */
function subscribe(
  context: SessionContext,
  act: { readonly session: Session; readonly outcome: Outcome; readonly payer: Payer },
): Session {
  const { outcome, session } = act;
  if (outcome !== 'success' && outcome !== 'decline') {
    throw invalidRequest('Only cards can pay for a subscription here.', {
      code: 'payment_method_unsupported_type',
    });
  }
  if (outcome === 'decline') {
    const payment = payNow(context, { session, declined: true });
    const declined = { ...session, payment_intent: payment.id };
    context.records.sessions.put(session.id, declined);
    return declined;
  }
  const begun = beginSubscription(context, { session, card: act.payer.card ?? 'pays' });
  return complete(context, {
    ...session,
    payment_status: 'paid',
    payment_intent: null,
    customer: begun.subscription.customer,
    subscription: begun.subscription.id,
    invoice: begun.invoice.id,
  });
}

/** Saves a card, or hears from its bank that it may not be saved: then the page stays open for another. */
function setUp(
  context: SessionContext,
  act: { readonly session: Session; readonly outcome: Outcome; readonly payer: Payer },
): Session {
  const { outcome, session } = act;
  if (outcome !== 'success' && outcome !== 'decline') {
    throw invalidRequest('Only cards can be saved here.', {
      code: 'payment_method_unsupported_type',
    });
  }
  const { email, name } = session.payer ?? { email: DEFAULT_EMAIL, name: null };
  endSetup(context, {
    setupIntent: session.setup_intent,
    behaviour: outcome === 'decline' ? null : (act.payer.card ?? 'pays'),
    payer: { email, name },
  });
  return outcome === 'decline' ? session : complete(context, session);
}

function complete(context: SessionContext, session: Session): Session {
  const completed: Session = { ...session, status: 'complete' };
  context.records.sessions.put(session.id, completed);
  context.records.timers.delete(`expire:${session.id}`);
  context.recordEvent({
    type: 'checkout.session.completed',
    object: context.render(completed),
    cause: NO_REQUEST,
  });
  bookPayment(context, completed);
  return completed;
}

function settleSession(
  context: SessionContext,
  act: { readonly session: Session; readonly succeeds: boolean },
): Session {
  const settled: Session = {
    ...act.session,
    payment_status: act.succeeds ? 'paid' : 'unpaid',
  };
  context.records.timers.delete(`settle:${settled.id}`);
  context.records.sessions.put(settled.id, settled);
  settlePayment(context, { session: settled, succeeds: act.succeeds });
  context.recordEvent({
    type: act.succeeds
      ? 'checkout.session.async_payment_succeeded'
      : 'checkout.session.async_payment_failed',
    object: context.render(settled),
    cause: NO_REQUEST,
  });
  bookPayment(context, settled);
  return settled;
}

function expireSession(
  context: SessionContext,
  act: { readonly id: string; readonly cause: Cause },
): Session {
  const session = context.find(act.id);
  if (session.status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
      { executed: true },
    );
  }
  const expired: Session = { ...session, status: 'expired' };
  context.records.sessions.put(session.id, expired);
  context.records.timers.delete(`expire:${session.id}`);
  cancelPayment(context, { session: expired, cause: act.cause });
  context.recordEvent({
    type: 'checkout.session.expired',
    object: context.render(expired),
    cause: act.cause,
  });
  return expired;
}

function sweep(context: SessionContext): void {
  const { clock, records } = context;
  const nowMs = clock.now().getTime();
  for (const timer of records.timers.list()) {
    if (timer.due_ms > nowMs) continue;
    records.transaction(() => {
      if (timer.what === 'expire') {
        expireSession(context, { id: timer.session, cause: NO_REQUEST });
        return;
      }
      const session = context.find(timer.session);
      const payment = records.payments.get(session.payment_intent ?? '');
      settleSession(context, { session, succeeds: payment?.settles_as === 'success' });
    });
  }
}
