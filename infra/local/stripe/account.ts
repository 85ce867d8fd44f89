import type { Clock } from '#infra/local/clock';
import type { RecordEvent } from '#infra/local/stripe/event-log';
import type { Records } from '#infra/local/stripe/records';

/** What every change of the account needs: where it is kept, when it happens, who is told of it. */
export interface Account {
  readonly clock: Pick<Clock, 'now'>;
  readonly records: Records;
  readonly recordEvent: RecordEvent;
}

/** A moment as Stripe writes it: whole seconds since 1970. */
export function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
