import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { verifyStripeSignature } from '#lib/payments/stripe-signature';
import { signatureHeader, WEBHOOK_SECRET } from '#tests/payments/stripe-deliveries';

const body = Buffer.from('{\n  "id": "evt_1",\n  "name": "Zoë"\n}');
const seconds = 1_795_000_000;
const nowMs = seconds * 1000 + 999;
const good = signatureHeader(body, { seconds });
const mac = good.split('v1=')[1] ?? '';
const otherSecret = 'whsec_ffffffffffffffffffffffffffffffff';
const byOther = signatureHeader(body, { seconds, secret: otherSecret }).split('v1=')[1] ?? '';

function verdictOf(delivery: {
  readonly header?: string;
  readonly body?: Uint8Array;
  readonly secrets?: readonly string[];
  readonly nowMs?: number;
}) {
  return verifyStripeSignature({
    header: good,
    body,
    secrets: [WEBHOOK_SECRET],
    nowMs,
    ...delivery,
  });
}

const at = (offset: number) => ({ header: signatureHeader(body, { seconds: seconds + offset }) });

describe('a Stripe signature is accepted when', () => {
  it.each([
    ['it is what Stripe computes', {}],
    ['its time is 300 s ago', at(-300)],
    ['its time is 300 s ahead', at(300)],
    ['the second of two v1 is ours', { header: `t=${seconds},v1=${byOther},v1=${mac}` }],
    ['the first of two v1 is ours', { header: `t=${seconds},v1=${mac},v1=${byOther}` }],
    ['a v0 stands beside a good v1', { header: `${good},v0=${'0'.repeat(64)}` }],
    ['a scheme that we do not know stands beside it', { header: `${good},v2=abc` }],
    ['v1 stands before t', { header: `v1=${mac},t=${seconds}` }],
    ['spaces follow the commas', { header: `t=${seconds}, v1=${mac}` }],
    ['the previous secret signed', { secrets: [otherSecret, WEBHOOK_SECRET] }],
    [
      'the current secret signed and there is a previous one',
      { secrets: [WEBHOOK_SECRET, otherSecret] },
    ],
    ['the previous slot is empty', { secrets: [WEBHOOK_SECRET, ''] }],
    ['an unusable v1 stands beside a good one', { header: `t=${seconds},v1=zz,v1=${mac}` }],
    [
      'the body is not UTF-8',
      {
        body: Buffer.from([0xff, 0xfe, 0x00]),
        header: signatureHeader(Buffer.from([0xff, 0xfe, 0x00]), { seconds }),
      },
    ],
    ['the body is empty', { body: Buffer.alloc(0), header: signatureHeader('', { seconds }) }],
  ])('%s', (_, delivery) => {
    expect(verdictOf(delivery)).toEqual({ ok: true });
  });
});

describe('a Stripe signature is refused when', () => {
  it.each([
    ['one byte of the body differs', { body: Buffer.concat([body, Buffer.from(' ')]) }, 'no_match'],
    [
      'the body was serialised again',
      {
        body: Buffer.from(JSON.stringify(JSON.parse(body.toString()))),
      },
      'no_match',
    ],
    ['the body is still base64', { body: Buffer.from(body.toString('base64')) }, 'no_match'],
    ['another secret signed', { secrets: [otherSecret] }, 'no_match'],
    ['the secret has one letter more', { secrets: [`${WEBHOOK_SECRET}x`] }, 'no_match'],
    [
      'the secret lacks its prefix',
      { secrets: [WEBHOOK_SECRET.slice('whsec_'.length)] },
      'no_match',
    ],
    ['the time was moved after signing', { header: `t=${seconds + 1},v1=${mac}` }, 'no_match'],
    [
      'the time got a leading zero after signing',
      { header: `t=0${seconds},v1=${mac}` },
      'no_match',
    ],
    ['every v1 is of other secrets', { header: `t=${seconds},v1=${byOther}` }, 'no_match'],
    [
      'one hex digit of it differs',
      {
        header: `t=${seconds},v1=${mac.slice(0, -1)}${mac.endsWith('0') ? '1' : '0'}`,
      },
      'no_match',
    ],
    ['its time is 301 s ago', at(-301), 'outside_tolerance'],
    ['its time is 301 s ahead', at(301), 'outside_tolerance'],
    ['its time is a year ahead', at(31_536_000), 'outside_tolerance'],
    ['its time is the epoch', at(-seconds), 'outside_tolerance'],
    ['its time is in milliseconds', { header: `t=${seconds}000,v1=${mac}` }, 'malformed'],
    ['it is v0 only', { header: `t=${seconds},v0=${mac}` }, 'malformed'],
    ['it has no time', { header: `v1=${mac}` }, 'malformed'],
    ['it has two times', { header: `t=${seconds},t=${seconds},v1=${mac}` }, 'malformed'],
    ['its time is negative', { header: `t=-${seconds},v1=${mac}` }, 'malformed'],
    ['its time is a decimal', { header: `t=${seconds}.0,v1=${mac}` }, 'malformed'],
    ['its time is hexadecimal', { header: `t=0x6afd0ec0,v1=${mac}` }, 'malformed'],
    ['its time is empty', { header: `t=,v1=${mac}` }, 'malformed'],
    ['its time is not a number', { header: `t=now,v1=${mac}` }, 'malformed'],
    ['it has no signature', { header: `t=${seconds}` }, 'malformed'],
    ['the signature is empty', { header: `t=${seconds},v1=` }, 'malformed'],
    ['the signature is too short', { header: `t=${seconds},v1=${mac.slice(2)}` }, 'malformed'],
    ['the signature is too long', { header: `t=${seconds},v1=${mac}00` }, 'malformed'],
    [
      'the signature is in capitals',
      { header: `t=${seconds},v1=${mac.toUpperCase()}` },
      'malformed',
    ],
    [
      'the signature is base64',
      {
        header: `t=${seconds},v1=${Buffer.from(mac, 'hex').toString('base64')}`,
      },
      'malformed',
    ],
    ['the header is empty', { header: '' }, 'malformed'],
    ['the header is only commas', { header: ',,,' }, 'malformed'],
    ['the header holds the signature alone', { header: mac }, 'malformed'],
    ['the parts are split by semicolons', { header: `t=${seconds};v1=${mac}` }, 'malformed'],
    [
      'there are seventeen signatures',
      {
        header: `t=${seconds}${`,v1=${mac}`.repeat(17)}`,
      },
      'malformed',
    ],
    [
      'the header is longer than 4,096 characters',
      { header: `${good},v0=${'0'.repeat(4_096)}` },
      'malformed',
    ],
    ['there is no secret', { secrets: [] }, 'no_secret'],
    [
      'the secret is empty',
      {
        secrets: [''],
        header: signatureHeader(body, { seconds, secret: '' }),
      },
      'no_secret',
    ],
  ])('%s', (_, delivery, reason) => {
    expect(verdictOf(delivery)).toEqual({ ok: false, reason });
  });
});

it('agrees with the headers that the SDK makes for tests', () => {
  const header = new Stripe('sk_test_x').webhooks.generateTestHeaderString({
    payload: body.toString(),
    secret: WEBHOOK_SECRET,
    timestamp: seconds,
  });
  expect(verdictOf({ header })).toEqual({ ok: true });
});
