import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Log } from '#lib/http/log';
import type { DeliveryMessage } from '#lib/messaging/provider-delivery';
import type { Queue } from '#lib/messaging/queue';
import type { PaymentProvider } from '#lib/payments/payment-event';
import type { SecretReader, SecretSlots } from '#lib/secrets/secret-reader';

/** What Lambda hands over from a function URL (payload 2.0), as far as it is read here. */
export type ReceiverEvent = Pick<APIGatewayProxyEventV2, 'headers' | 'body' | 'isBase64Encoded'> & {
  readonly requestContext: {
    readonly requestId: string;
    readonly http: { readonly method: string };
  };
};

export interface ReceiverDependencies {
  readonly queue: Queue;
  /** Slots `current` and `previous`. */
  readonly secret: SecretReader;
  readonly now: () => Date;
  readonly log: Log;
}

/** One provider's way to sign and to name its deliveries. */
export interface Receiver {
  readonly provider: PaymentProvider;
  readonly verify: (
    delivery: SignedDelivery & { readonly secrets: readonly string[]; readonly nowMs: number },
  ) => Verdict;
  /** The provider's id of the event, where only a header names it. */
  readonly eventId?: (delivery: SignedDelivery) => string;
}

export interface SignedDelivery {
  readonly headers: ReceiverEvent['headers'];
  /** The exact bytes that are signed. */
  readonly body: Uint8Array;
}

type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Far above any event of a provider, and small enough for one queue message. */
export const BODY_BYTES_MAX = 262_144;

/**
 * Takes one delivery of a provider (DESIGN 6): size, signature over the exact bytes, then the queue, then 200. Whatever
 * goes wrong on our side is a 5xx, so that the provider sends it again; whoever cannot sign learns nothing.
 */
export async function receiveDelivery(
  deps: ReceiverDependencies,
  receiver: Receiver,
  event: ReceiverEvent,
): Promise<APIGatewayProxyStructuredResultV2> {
  const request_id = event.requestContext.requestId;
  const { eventId, provider } = receiver;
  if (event.requestContext.http.method !== 'POST') {
    return { ...answer(405, 'Method not allowed'), headers: { ...HEADERS, allow: 'POST' } };
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > BODY_BYTES_MAX) return answer(413, 'Too large');
  const signed = { headers: event.headers, body };
  try {
    const verdict = await verify(deps, receiver, signed);
    if (!verdict.ok) {
      deps.log.warn('delivery refused', { request_id, provider, reason: verdict.reason });
      // Without any secret it is our own setup that fails, and the provider should try again.
      return verdict.reason === 'no_secret' ? unavailable() : answer(400, 'Bad request');
    }
    const delivery: DeliveryMessage = {
      provider,
      received_at: deps.now().toISOString(),
      ...(eventId && { event_id: eventId(signed) }),
      body: body.toString('utf8'),
    };
    await deps.queue.send(JSON.stringify(delivery));
    return answer(200, 'Received');
  } catch (error) {
    deps.log.error('delivery not queued', { request_id, provider, error });
    return unavailable();
  }
}

/** A signature that does not fit may be of a secret that was rotated a moment ago: the secret is read once more. */
async function verify(
  { secret, now }: ReceiverDependencies,
  receiver: Receiver,
  signed: SignedDelivery,
): Promise<Verdict> {
  const nowMs = now().getTime();
  const first = receiver.verify({ ...signed, nowMs, secrets: of(await secret.read()) });
  if (first.ok || (first.reason !== 'no_match' && first.reason !== 'no_secret')) return first;
  return receiver.verify({ ...signed, nowMs, secrets: of(await secret.read({ fresh: true })) });
}

function of(slots: SecretSlots): readonly string[] {
  return [slots['current'] ?? '', slots['previous'] ?? ''];
}

const HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

function answer(statusCode: number, body: string): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: HEADERS, body };
}

function unavailable(): APIGatewayProxyStructuredResultV2 {
  return answer(503, 'Try again');
}
