import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { verifyRazorpayPayment, verifyRazorpayWebhook } from '#lib/payments/razorpay-signature';

const SECRET = 'webhook-secret';
const OLD = 'previous-secret';
const BODY = Buffer.from('{\n "entity": "event", "name": "Zoë ✓" }');
const sign = (message: string | Uint8Array, secret = SECRET) =>
  createHmac('sha256', secret).update(message).digest('hex');

const vectors = '../shared/payloads/razorpay/signature-vectors.json';
const vectorSchema = z.object({
  webhook: z.object({ body: z.string(), secret: z.string(), signature: z.string() }),
});

describe('a webhook signature', () => {
  const good = sign(BODY);
  it.each<[string, { signature?: string; body?: Uint8Array; secrets?: string[] }]>([
    ['of the current secret', {}],
    ['of the previous secret, as resends have it', { signature: sign(BODY, OLD) }],
    ['while there is no previous secret', { secrets: [SECRET, ''] }],
    ['over bytes that are no UTF-8', bytes(Uint8Array.of(0xff, 0xfe, 0x7b))],
    ['over nothing at all', bytes(new Uint8Array())],
  ])('%s is taken', (_, { signature = good, body = BODY, secrets = [SECRET, OLD] }) => {
    expect(verifyRazorpayWebhook({ signature, body, secrets })).toEqual({ ok: true });
  });

  it.each<[string, { signature?: string; body?: Uint8Array; secrets?: string[] }, string]>([
    ['of a secret that is neither', { signature: sign(BODY, 'other') }, 'no_match'],
    ['of the empty secret', { signature: sign(BODY, ''), secrets: [SECRET, ''] }, 'no_match'],
    ['when no secret is set', { signature: sign(BODY, ''), secrets: ['', ''] }, 'no_secret'],
    ['when there are no secrets', { secrets: [] }, 'no_secret'],
    ['of one byte less', { body: BODY.subarray(0, -1) }, 'no_match'],
    ['of one space more', { body: Buffer.concat([BODY, Buffer.from(' ')]) }, 'no_match'],
    [
      'of the same JSON, written anew',
      { body: Buffer.from(JSON.stringify(JSON.parse(BODY.toString()))) },
      'no_match',
    ],
    ['with one letter changed', { signature: flipped(good) }, 'no_match'],
    ['that is absent', { signature: '' }, 'malformed'],
    ['in capitals', { signature: good.toUpperCase() }, 'malformed'],
    ['that is too short', { signature: good.slice(1) }, 'malformed'],
    ['that is too long', { signature: `${good}0` }, 'malformed'],
    ['with a space around it', { signature: ` ${good}` }, 'malformed'],
    ['with a line break behind it', { signature: `${good}\n` }, 'malformed'],
    ['with a prefix', { signature: `sha256=${good}` }, 'malformed'],
    ['twice', { signature: `${good},${good}` }, 'malformed'],
    [
      'in base64',
      { signature: createHmac('sha256', SECRET).update(BODY).digest('base64') },
      'malformed',
    ],
    ['with a letter that is no digit', { signature: `g${good.slice(1)}` }, 'malformed'],
    ['with a look-alike letter', { signature: `а${good.slice(1)}` }, 'malformed'],
    ['of another hash', { signature: sha1(BODY) }, 'malformed'],
  ])('%s is refused', (_, { signature = good, body = BODY, secrets = [SECRET, OLD] }, reason) => {
    const verdict = verifyRazorpayWebhook({ signature, body, secrets });
    expect(verdict).toEqual({ ok: false, reason });
  });

  it.skipIf(!existsSync(vectors))(
    'fits the vector of Razorpay’s own library (skipped where the payload set is absent)',
    () => {
      const { webhook } = vectorSchema.parse(JSON.parse(readFileSync(vectors, 'utf8')));
      const { body, secret, signature } = webhook;
      const delivery = { signature, body: Buffer.from(body), secrets: [secret] };
      expect(verifyRazorpayWebhook(delivery)).toEqual({ ok: true });
    },
  );
});

describe('the signature that the page hands to the app', () => {
  const handover = { orderId: 'order_1', paymentId: 'pay_1', secrets: [SECRET, OLD] };
  it.each([
    ['current', SECRET],
    ['previous', OLD],
  ])('of the %s key is taken', (_, secret) => {
    const signature = sign('order_1|pay_1', secret);
    expect(verifyRazorpayPayment({ ...handover, signature }).ok).toBe(true);
  });

  it.each([
    ['of another order', sign('order_2|pay_1')],
    ['of another payment', sign('order_1|pay_2')],
    ['of a subscription, which turns both round', sign('pay_1|order_1')],
    ['without the separator', sign('order_1pay_1')],
    ['of the webhook’s kind', sign('{}')],
    ['of no key', sign('order_1|pay_1', '')],
    ['that is a word', 'forged'],
  ])('%s is refused', (_, signature) => {
    expect(verifyRazorpayPayment({ ...handover, signature }).ok).toBe(false);
  });
});

function bytes(body: Uint8Array) {
  return { body, signature: sign(body) };
}

function flipped(signature: string): string {
  return `${signature.startsWith('0') ? '1' : '0'}${signature.slice(1)}`;
}

function sha1(message: Uint8Array): string {
  return createHmac('sha1', SECRET).update(message).digest('hex');
}
