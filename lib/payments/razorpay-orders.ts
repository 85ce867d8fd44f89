import {
  isOurs,
  razorpayCollection,
  type RazorpayOrder,
  razorpayOrder,
  razorpayPayment,
  razorpayTime,
} from '#lib/payments/razorpay-entities';
import type { RazorpayClient, RazorpayCredentials } from '#lib/payments/razorpay-client';
import { verifyRazorpayPayment } from '#lib/payments/razorpay-signature';
import type { OrderAnswer, OrderProvider, OrderRequest } from '#lib/purchases/order-provider';

/** An order's name is looked up where creating it was refused or left open; nobody else uses a purchase's id. */
const ORDERS_OF_RECEIPT_MAX = 10;

export interface RazorpayKey extends RazorpayCredentials {
  /** Of the key that was exchanged: pages opened before are signed with it. */
  readonly previousKeySecret: string;
}

export interface RazorpayOrdersAccount {
  readonly client: RazorpayClient;
  readonly key: (options?: { readonly fresh: boolean }) => Promise<RazorpayKey>;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
}

/** How ids of keys of the deployment's mode begin. */
export function razorpayKeyPrefix({ livemode }: Pick<RazorpayOrdersAccount, 'livemode'>): string {
  return livemode ? 'rzp_live_' : 'rzp_test_';
}

/**
 * Razorpay orders, which the app pays with Razorpay's Checkout (razorpay.com/docs/api/orders). The purchase's id is the
 * order's receipt, and Razorpay is asked to keep receipts unique, so that no lost answer or retry makes a second order
 * for the buyer: whatever is refused or left open is looked up by its receipt.
 */
export function createRazorpayOrders(account: RazorpayOrdersAccount): OrderProvider {
  const { client, key } = account;
  return {
    keyId: async () => (await key()).keyId,
    openOrder: async (request) => {
      const { keyId } = await key();
      if (!keyId.startsWith(razorpayKeyPrefix(account))) {
        return { kind: 'refused', detail: 'the Razorpay key is of the other mode' };
      }
      return openOrder(client, request);
    },
    isSigned: async (handover) => {
      if (isSignedWith(await key(), handover)) return true;
      // The key may have been exchanged a moment ago.
      return isSignedWith(await key({ fresh: true }), handover);
    },
    findPayment: async (paymentId) => {
      const answer = await client.ask({
        method: 'GET',
        path: `/payments/${paymentId}`,
        answer: razorpayPayment,
      });
      if (answer.kind !== 'answered') return answer;
      const payment = answer.value;
      if (payment.id !== paymentId) return { kind: 'unknown', detail: 'another payment came' };
      return {
        kind: 'found',
        payment: {
          paymentId,
          orderId: payment.order_id,
          amountMinor: payment.amount,
          currency: payment.currency,
          isCaptured: isOurs(payment),
          at: razorpayTime(payment.created_at),
        },
      };
    },
  };
}

async function openOrder(client: RazorpayClient, request: OrderRequest): Promise<OrderAnswer> {
  const created = await client.ask({
    method: 'POST',
    path: '/orders',
    body: {
      currency: request.currency,
      amount: request.amountMinor,
      receipt: request.purchaseId,
      notes: { purchase_id: request.purchaseId },
      partial_payment: false,
      // Whatever the account's own setting is: a payment that nobody captures goes back after days.
      payment_capture: true,
      unique_receipt: true,
    },
    answer: razorpayOrder,
  });
  if (created.kind === 'answered') return openedIfAsked(created.value, request);
  const found = await client.ask({
    method: 'GET',
    path: `/orders?count=${ORDERS_OF_RECEIPT_MAX}&skip=0&receipt=${request.purchaseId}`,
    answer: razorpayCollection(razorpayOrder),
  });
  // Not even that is known, so the order may be there.
  if (found.kind === 'unknown') return found;
  const orders = found.kind === 'answered' ? found.value.items : [];
  const [first] = orders
    .filter((order) => order.receipt === request.purchaseId)
    .toSorted((one, other) => one.created_at - other.created_at || (one.id < other.id ? -1 : 1));
  return first ? openedIfAsked(first, request) : { kind: created.kind, detail: created.detail };
}

function openedIfAsked(order: RazorpayOrder, request: OrderRequest): OrderAnswer {
  const isAsked =
    order.receipt === request.purchaseId &&
    order.amount === request.amountMinor &&
    order.currency === request.currency;
  if (!isAsked) return { kind: 'refused', detail: 'the order is not the one that was asked for' };
  return { kind: 'opened', orderId: order.id };
}

function isSignedWith(
  key: RazorpayKey,
  handover: Parameters<OrderProvider['isSigned']>[0],
): boolean {
  const secrets = [key.keySecret, key.previousKeySecret];
  return verifyRazorpayPayment({ ...handover, secrets }).ok;
}
