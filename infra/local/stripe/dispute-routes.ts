import type Stripe from 'stripe';
import * as z from 'zod';

import type { Account } from '#infra/local/stripe/account';
import { renderDispute } from '#infra/local/stripe/dispute-shape';
import { stepDispute } from '#infra/local/stripe/disputes';
import { missingResource } from '#infra/local/stripe/errors';
import { expandObject } from '#infra/local/stripe/expand';
import { isWithin, renderList } from '#infra/local/stripe/lists';
import { expand, listing, readParameters, text, timeRange } from '#infra/local/stripe/parameters';
import type { Route } from '#infra/local/stripe/routes';

const only = z.strictObject({ expand });

const disputeList = z.strictObject({
  ...listing,
  charge: text().optional(),
  created: timeRange.optional(),
  payment_intent: text().optional(),
} satisfies Partial<Record<keyof Stripe.DisputeListParams, z.ZodType>>);

/** Looking disputes up, and giving one up. */
export function disputeRoutes(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/disputes';
  return [
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(disputeList, fields);
        const found = records.disputes
          .list()
          .filter(
            (dispute) =>
              isWithin(dispute.created, params.created) &&
              (params.charge ?? dispute.charge) === dispute.charge &&
              (params.payment_intent ?? dispute.payment_intent) === dispute.payment_intent,
          );
        const page = renderList(found, { page: params, url: path, render: renderDispute });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const dispute = records.disputes.get(id);
        if (dispute === undefined) {
          throw missingResource('dispute', id, { param: 'dispute', inPath: true });
        }
        return expandObject(renderDispute(dispute), params.expand, records);
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/close`,
      run: ({ id, fields, cause }) => {
        const params = readParameters(only, fields);
        const lost = stepDispute(account, { id, step: 'lose', cause });
        return expandObject(renderDispute(lost), params.expand, records);
      },
    },
  ];
}
