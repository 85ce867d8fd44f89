import type { Account } from '#infra/local/stripe/account';
import type { Clock } from '#infra/local/clock';
import { NO_REQUEST } from '#infra/local/stripe/event-log';
import { collect, payInvoice } from '#infra/local/stripe/invoices';
import { periodOf } from '#infra/local/stripe/subscription-records';
import { rollSubscription } from '#infra/local/stripe/subscriptions';

/** Of one sweep: whoever moves the clock by years sees the rest with the next look at it. */
const STEPS_MAX = 1_000;

/** What time brings to subscriptions: renewals, finalized invoices, second attempts. */
export interface BillingClock {
  /** Does what is due by now, each at its own time and in its order, as Stripe's test clocks do. */
  sweep(): void;
  nextDueMs(): number | undefined;
}

interface Due {
  readonly at: number;
  readonly run: (account: Account) => void;
}

export function createBillingClock(
  account: Account,
  /** The account at a moment that has passed. */
  accountAt: (clock: Pick<Clock, 'now'>) => Account,
): BillingClock {
  const { clock, records } = account;
  const nextDue = (): Due | undefined => {
    const renewals = records.subscriptions
      .list()
      .filter(({ status }) => status === 'active' || status === 'past_due')
      .map((subscription) => ({
        at: periodOf(subscription).end,
        run: (at: Account) => {
          rollSubscription(at, subscription);
        },
      }));
    const invoices = records.invoices.list().flatMap((invoice) => {
      if (invoice.status === 'paid' || invoice.due === null) return [];
      const act = { invoice, cause: NO_REQUEST };
      const run = (at: Account): void => {
        if (invoice.status === 'draft') collect(at, act);
        else payInvoice(at, act);
      };
      return [{ at: invoice.due, run }];
    });
    return [...invoices, ...renewals].toSorted((a, b) => a.at - b.at)[0];
  };
  return {
    sweep: () => {
      for (let step = 0; step < STEPS_MAX; step += 1) {
        const due = nextDue();
        if (due === undefined || due.at * 1000 > clock.now().getTime()) return;
        const then = new Date(due.at * 1000);
        records.transaction(() => {
          due.run(accountAt({ now: () => then }));
        });
      }
    },
    nextDueMs: () => {
      const due = nextDue();
      return due === undefined ? undefined : due.at * 1000;
    },
  };
}
