import { hash } from 'node:crypto';

/**
 * The id of a Razorpay event: no body names it, only the header `x-razorpay-event-id`, which no signature covers. It
 * tells deliveries apart for people and decides about no credit. Without a usable one the body stands for itself.
 */
export function razorpayEventId(delivery: {
  readonly header: string | undefined;
  readonly body: Uint8Array;
}): string {
  const { body, header = '' } = delivery;
  if (/^[A-Za-z0-9_-]{1,255}$/.test(header)) return header;
  return `body_${hash('sha256', body, 'hex')}`;
}
