import * as z from 'zod';

import {
  renderDispute,
  renderOrder,
  renderPayment,
  renderPaymentWithCard,
  renderRefund,
} from '#infra/local/razorpay/entities';
import { missing } from '#infra/local/razorpay/errors';
import type { Account } from '#infra/local/razorpay/event-log';
import { createOrder } from '#infra/local/razorpay/orders';
import {
  amount,
  currency,
  listing,
  notes,
  readParameters,
  renderList,
} from '#infra/local/razorpay/parameters';
import { captureAtRequest, findPayment } from '#infra/local/razorpay/payments';
import type { Records } from '#infra/local/razorpay/records';
import { createRefund, type RefundCourse } from '#infra/local/razorpay/refunds';

export interface RouteCall {
  /** The id in the path, or an empty string where the route has none. */
  readonly id: string;
  /** The body of a POST, the query of a GET. */
  readonly fields: unknown;
  /** Whose key called. */
  readonly keyId: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `:id` stands for one part of the path. */
  readonly path: string;
  /** Takes `X-Refund-Idempotency`. */
  readonly isIdempotent?: boolean;
  /** Answers with the entity as JSON, or throws `RazorpayApiError`. */
  readonly run: (call: RouteCall) => object;
}

/** The part of Razorpay's API that this stand-in has. */
export function razorpayRoutes(
  account: Account,
  refundCourse: () => RefundCourse,
): readonly Route[] {
  return [
    ...orderRoutes(account),
    ...paymentRoutes(account),
    ...refundRoutes(account, refundCourse),
    ...disputeRoutes(account.records),
  ];
}

/** The route of a call and the id in its path. */
export function matchRoute(
  routes: readonly Route[],
  call: { readonly method: string; readonly path: string },
): { readonly route: Route; readonly id: string } | undefined {
  for (const route of routes) {
    if (route.method !== call.method) continue;
    const pattern = new RegExp(`^${route.path.replace(':id', '(?<id>[^/]+)')}$`);
    const match = pattern.exec(call.path);
    if (match !== null) return { route, id: match.groups?.['id'] ?? '' };
  }
  return undefined;
}

const none = z.strictObject({});
const page = z.strictObject(listing);
const orderPage = z.strictObject({
  ...listing,
  receipt: z.string().optional(),
  /** Orders whose payments are authorized (`1`) or are not (`0`). */
  authorized: z.enum(['0', '1']).optional(),
});
const paymentExpansion = z.strictObject({ expand: z.array(z.literal('card')).default([]) });
const captureParameters = z.strictObject({ amount, currency });
const refundParameters = z.strictObject({
  amount: amount.optional(),
  notes: notes.optional(),
  receipt: z.string().optional(),
  speed: z.enum(['normal', 'optimum']).optional(),
});

function orderRoutes(account: Account): Route[] {
  const { records } = account;
  const paymentsOf = (orderId: string) =>
    records.payments.list().filter((payment) => payment.order === orderId);
  return [
    {
      method: 'POST',
      path: '/v1/orders',
      run: ({ fields, keyId }) => renderOrder(createOrder(account, { fields, keyId })),
    },
    {
      method: 'GET',
      path: '/v1/orders',
      run: ({ fields }) => {
        const params = readParameters(orderPage, fields);
        const found = records.orders.list().filter((order) => {
          const isWanted = params.receipt === undefined || order.receipt === params.receipt;
          if (!isWanted || params.authorized === undefined) return isWanted;
          const isAuthorized = paymentsOf(order.id).some(({ status }) => status === 'authorized');
          return isAuthorized === (params.authorized === '1');
        });
        return renderList(found, { page: params, render: renderOrder });
      },
    },
    {
      method: 'GET',
      path: '/v1/orders/:id',
      run: ({ id, fields }) => {
        readParameters(none, fields);
        return renderOrder(known(records.orders.get(id)));
      },
    },
    {
      method: 'GET',
      path: '/v1/orders/:id/payments',
      run: ({ id, fields }) => {
        const params = readParameters(paymentExpansion, fields);
        known(records.orders.get(id));
        const items = paymentsOf(id).toReversed().map(rendererOf(params));
        return { entity: 'collection', count: items.length, items };
      },
    },
  ];
}

function paymentRoutes(account: Account): Route[] {
  const { records } = account;
  return [
    {
      method: 'GET',
      path: '/v1/payments',
      run: ({ fields }) => {
        const { expand, ...params } = readParameters(
          z.strictObject({ ...listing, ...paymentExpansion.shape }),
          fields,
        );
        return renderList(records.payments.list(), {
          page: params,
          render: rendererOf({ expand }),
        });
      },
    },
    {
      method: 'GET',
      path: '/v1/payments/:id',
      run: ({ id, fields }) =>
        rendererOf(readParameters(paymentExpansion, fields))(findPayment(account, id)),
    },
    {
      method: 'POST',
      path: '/v1/payments/:id/capture',
      run: ({ id, fields }) =>
        renderPayment(
          captureAtRequest(account, { id, ...readParameters(captureParameters, fields) }),
        ),
    },
  ];
}

function refundRoutes(account: Account, refundCourse: () => RefundCourse): Route[] {
  const { records } = account;
  return [
    {
      method: 'POST',
      path: '/v1/payments/:id/refund',
      isIdempotent: true,
      run: ({ id, fields }) => {
        const params = readParameters(refundParameters, fields, {
          notSimulated: ['reverse_all', 'reversals'],
        });
        return renderRefund(createRefund(account, { paymentId: id, ...params }, refundCourse()));
      },
    },
    {
      method: 'GET',
      path: '/v1/payments/:id/refunds',
      run: ({ id, fields }) => {
        const params = readParameters(page, fields);
        findPayment(account, id);
        const found = records.refunds.list().filter((refund) => refund.payment === id);
        return renderList(found, { page: params, render: renderRefund });
      },
    },
    {
      method: 'GET',
      path: '/v1/refunds',
      run: ({ fields }) =>
        renderList(records.refunds.list(), {
          page: readParameters(page, fields),
          render: renderRefund,
        }),
    },
    {
      method: 'GET',
      path: '/v1/refunds/:id',
      run: ({ id, fields }) => {
        readParameters(none, fields);
        return renderRefund(known(records.refunds.get(id)));
      },
    },
  ];
}

function disputeRoutes(records: Records): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/disputes',
      run: ({ fields }) =>
        renderList(records.disputes.list(), {
          page: readParameters(page, fields),
          render: renderDispute,
        }),
    },
    {
      method: 'GET',
      path: '/v1/disputes/:id',
      run: ({ id, fields }) => {
        readParameters(none, fields);
        return renderDispute(known(records.disputes.get(id)));
      },
    },
  ];
}

function rendererOf(params: z.output<typeof paymentExpansion>): typeof renderPayment {
  return params.expand.includes('card') ? renderPaymentWithCard : renderPayment;
}

function known<T>(record: T | undefined): T {
  if (record === undefined) throw missing();
  return record;
}
