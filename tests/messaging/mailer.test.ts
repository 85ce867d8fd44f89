import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createMailer, type Sender } from '#lib/messaging/mailer';
import { openTestMailSink, SENDER, type TestMailSink } from '#tests/support/mail-sink';

let mail: TestMailSink;
beforeAll(async () => {
  mail = await openTestMailSink();
});
afterEach(() => {
  mail.sink.faults.clear();
  mail.sink.clear();
});
afterAll(async () => {
  await mail.close();
});

const send = (changes: { readonly sender?: Partial<Sender>; readonly to?: string } = {}) =>
  createMailer({ ...SENDER, ...changes.sender }, mail.config).send({
    to: changes.to ?? 'ada@users.test',
    subject: 'Your receipt: 100 €',
    html: '<b>Thanks</b>',
    text: 'Thanks',
  });

it('an accepted mail has both bodies and SES’s id', async () => {
  const outcome = await send();
  const [kept] = mail.sink.list();
  expect(outcome).toEqual({ kind: 'accepted', messageId: kept?.id });
  expect(kept).toMatchObject({
    to: ['ada@users.test'],
    subject: 'Your receipt: 100 €',
    html: '<b>Thanks</b>',
    text: 'Thanks',
  });
});

it.each([
  ['Shop', '"Shop" <credits@shop.test>'],
  ['Shop, "the" \\ best', '"Shop, \\"the\\" \\\\ best" <credits@shop.test>'],
  ['Kaufhaus Müller', '=?UTF-8?B?S2F1ZmhhdXMgTcO8bGxlcg==?= <credits@shop.test>'],
  ['Shop\r\nBcc: eve@evil.test', '"Shop  Bcc: eve@evil.test" <credits@shop.test>'],
  [' ', 'credits@shop.test'],
])('a sender called %j is one sender', async (name, from) => {
  await send({ sender: { name } });
  expect(mail.sink.list()).toMatchObject([{ from, to: ['ada@users.test'] }]);
});

it.each([
  ['throttle', 'refused', 0],
  ['unavailable', 'refused', 0],
  ['paused', 'refused', 0],
  ['reject', 'rejected', 0],
  ['lost_reply', 'unconfirmed', 1],
] as const)('%s is %s, and no request is repeated', async (kind, outcome, mails) => {
  mail.sink.faults.add({ kind, times: 1, ...(kind === 'reject' && { address: 'ada@users.test' }) });
  expect(await send()).toMatchObject({ kind: outcome });
  expect(mail.sink.list()).toHaveLength(mails);
  // The fault was used up by one request: a second one would have been accepted.
  expect(mail.sink.faults.list()).toEqual([]);
});

it('an unverified sender is the deployment’s mistake and not the address’s', async () => {
  expect(await send({ sender: { address: 'other@shop.test' } })).toMatchObject({ kind: 'refused' });
  expect(await send({ to: 'nobody' })).toMatchObject({ kind: 'rejected' });
});
