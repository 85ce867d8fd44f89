import * as z from 'zod';

import type { Route } from '#infra/local/control/route';
import { dynamoFaultSchema } from '#infra/local/dynamodb/faults';
import { faultSchema as providerFaultSchema } from '#infra/local/providers/faults';
import { faultSchema } from '#infra/local/services/faults';
import type { Parts } from '#infra/local/stack';

const HOLD_MAX_MS = 60_000;

const awsServices = z.enum(['events', 'secrets', 'ses', 'sqs']);
const requestSchema = z.union([
  z.strictObject({ service: awsServices, fault: faultSchema }),
  z.strictObject({ service: z.literal('dynamodb'), fault: dynamoFaultSchema }),
  z.strictObject({
    service: z.literal('dynamodb'),
    /** How long each transaction stays in flight. */
    hold_transactions_ms: z.int().min(0).max(HOLD_MAX_MS),
  }),
  z.strictObject({ service: z.literal('stripe'), fault: providerFaultSchema }),
  z.strictObject({ service: z.literal('razorpay'), fault: providerFaultSchema }),
]);

/** `{"service": "sqs", "kind": ..., ...}`: the service's own fault beside its name. */
const bodySchema = z
  .looseObject({ service: z.string() })
  .transform(({ service, ...fault }) =>
    'hold_transactions_ms' in fault ? { service, ...fault } : { service, fault },
  )
  .pipe(requestSchema);

/** What goes wrong next, per service; kinds and fields are those of the service's own faults. */
export function faultRoutes(parts: Parts): readonly Route[] {
  const { dynamo, events, mails, queues, secrets } = parts.services;
  const aws = {
    events: events.faults,
    secrets: secrets.faults,
    ses: mails.faults,
    sqs: queues.faults,
  };
  const list = (): object => ({
    dynamodb: dynamo.faults.list(),
    stripe: parts.stripe.faults.list(),
    razorpay: parts.razorpay.faults.list(),
    ...Object.fromEntries(Object.entries(aws).map(([name, faults]) => [name, faults.list()])),
  });
  return [
    { method: 'GET', path: '/local/faults', run: () => ({ json: list() }) },
    {
      method: 'POST',
      path: '/local/faults',
      run: ({ body }) => {
        const wanted = bodySchema.parse(body);
        if ('hold_transactions_ms' in wanted) {
          dynamo.faults.holdTransactionsMs = wanted.hold_transactions_ms;
        } else if (wanted.service === 'dynamodb') {
          dynamo.faults.add(wanted.fault);
        } else if (wanted.service === 'stripe') {
          parts.stripe.faults.add(wanted.fault);
        } else if (wanted.service === 'razorpay') {
          parts.razorpay.faults.add(wanted.fault);
        } else {
          aws[wanted.service].add(wanted.fault);
        }
        return { json: list() };
      },
    },
    {
      method: 'DELETE',
      path: '/local/faults',
      run: () => {
        const providers = [parts.stripe.faults, parts.razorpay.faults];
        for (const faults of [dynamo.faults, ...providers, ...Object.values(aws)]) {
          faults.clear();
        }
        return { json: list() };
      },
    },
  ];
}
