import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Log } from '#lib/http/log';
import type { DeliveryMessage } from '#lib/messaging/provider-delivery';
import type { Queue } from '#lib/messaging/queue';
import { verifyStripeSignature } from '#lib/payments/stripe-signature';
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

/** Far above any event of Stripe, and small enough for one queue message. */
export const BODY_BYTES_MAX = 262_144;

/**
 * Takes one delivery of Stripe (DESIGN 6): size, signature over the exact bytes, then the queue, then 200. Whatever
 * goes wrong on our side is a 5xx, so that Stripe sends it again; whoever cannot sign learns nothing.
 */
export async function receiveEvent(
  deps: ReceiverDependencies,
  event: ReceiverEvent,
): Promise<APIGatewayProxyStructuredResultV2> {
  const request_id = event.requestContext.requestId;
  if (event.requestContext.http.method !== 'POST') {
    return { ...answer(405, 'Method not allowed'), headers: { ...HEADERS, allow: 'POST' } };
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > BODY_BYTES_MAX) return answer(413, 'Too large');
  try {
    const verdict = await verify(deps, { header: event.headers['stripe-signature'] ?? '', body });
    if (!verdict.ok) {
      deps.log.warn('delivery refused', { request_id, provider: 'stripe', reason: verdict.reason });
      // Without any secret it is our own setup that fails, and Stripe should try again.
      return verdict.reason === 'no_secret' ? unavailable() : answer(400, 'Bad request');
    }
    const delivery: DeliveryMessage = {
      provider: 'stripe',
      received_at: deps.now().toISOString(),
      body: body.toString('utf8'),
    };
    await deps.queue.send(JSON.stringify(delivery));
    return answer(200, 'Received');
  } catch (error) {
    deps.log.error('delivery not queued', { request_id, provider: 'stripe', error });
    return unavailable();
  }
}

/** A signature that does not fit may be of a secret that was rotated a moment ago: the secret is read once more. */
async function verify(
  { secret, now }: ReceiverDependencies,
  delivery: { readonly header: string; readonly body: Uint8Array },
): Promise<ReturnType<typeof verifyStripeSignature>> {
  const nowMs = now().getTime();
  const first = verifyStripeSignature({ ...delivery, nowMs, secrets: of(await secret.read()) });
  if (first.ok || (first.reason !== 'no_match' && first.reason !== 'no_secret')) return first;
  const secrets = of(await secret.read({ fresh: true }));
  return verifyStripeSignature({ ...delivery, nowMs, secrets });
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
