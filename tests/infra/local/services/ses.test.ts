import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  SendEmailCommand,
  type SendEmailCommandInput,
  SendRawEmailCommand,
  SESClient,
} from '@aws-sdk/client-ses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Clock, createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { inboxPage, mailPage } from '#infra/local/services/mail-page';
import { createMailSink, type MailSink } from '#infra/local/services/ses';
import { openState, type StateStore } from '#infra/local/state';

let directory: string;
let state: StateStore;
let clock: Clock;
let sink: MailSink;
let ses: SESClient;
let stop: () => Promise<void>;

const log = (message: string): void => {
  throw new Error(`The stand-in failed: ${message}`);
};
const openSink = (): void => {
  state = openState(join(directory, 'state.sqlite'));
  clock = createClock(state);
  sink = createMailSink({ state, clock, log, identities: ['billing@shop.test', 'mail.test'] });
};
const mail = (more: Partial<SendEmailCommandInput> = {}): SendEmailCommandInput => ({
  Source: 'Shop <billing@shop.test>',
  Destination: { ToAddresses: ['ada@users.test'] },
  Message: {
    Subject: { Data: 'Your receipt for 100 credits €' },
    Body: { Text: { Data: 'Thanks & bye' }, Html: { Data: '<b>Thanks</b>' } },
  },
  ...more,
});
const send = (more: Partial<SendEmailCommandInput> = {}) =>
  ses.send(new SendEmailCommand(mail(more)));

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ses-'));
  openSink();
  const server = createServer((request, response) => {
    sink.listener(request, response);
  });
  stop = () => stopListening(server);
  ses = new SESClient({
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  ses.destroy();
  await stop();
  state.close();
  rmSync(directory, { recursive: true });
});

describe('a sent mail', () => {
  it('is kept with all that its reader would see, through a restart, newest last', async () => {
    clock.set(new Date('2031-02-03T04:05:06Z'));
    const { MessageId } = await send({
      Tags: [{ Name: 'kind', Value: 'receipt' }],
      ReplyToAddresses: ['help@shop.test'],
      Destination: { ToAddresses: ['ada@users.test'], BccAddresses: ['archive@shop.test'] },
    });
    await send({ Source: 'no-reply@eu.mail.test' });
    state.close();
    openSink();
    const [first, second] = sink.list();
    expect(first).toMatchObject({
      id: MessageId,
      from: 'Shop <billing@shop.test>',
      to: ['ada@users.test', 'archive@shop.test'],
      reply_to: ['help@shop.test'],
      subject: 'Your receipt for 100 credits €',
      text: 'Thanks & bye',
      html: '<b>Thanks</b>',
      tags: { kind: 'receipt' },
    });
    expect(first?.sent_at).toMatch(/^2031-02-03T04:05:/);
    expect(second?.from).toBe('no-reply@eu.mail.test');
  });

  it('may be raw: headers, encoded words, parts and character sets are read', async () => {
    const raw = [
      'From: "Shop, Inc" <billing@shop.test>',
      'To: ada@users.test,',
      ' "Turing, Alan" <alan@users.test>',
      'Subject: =?utf-8?B?UmVjZWlwdCA=?= =?utf-8?Q?for_100=E2=82=AC?=',
      'Content-Type: multipart/alternative; boundary="part"',
      '',
      'This is for old readers.',
      '--part',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Caf=E9 and a line that=',
      ' goes on',
      '--part',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('<p>100 €</p>').toString('base64'),
      '--part--',
      '',
    ].join('\r\n');
    await ses.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from(raw) } }));
    expect(sink.list()).toMatchObject([
      {
        from: '"Shop, Inc" <billing@shop.test>',
        to: ['ada@users.test', '"Turing, Alan" <alan@users.test>'],
        subject: 'Receipt for 100€',
        text: 'Café and a line that goes on',
        html: '<p>100 €</p>',
      },
    ]);
  });

  it('is shown in the browser without running what it contains', async () => {
    await send({
      Message: {
        Subject: { Data: '<script>alert(1)</script>' },
        Body: { Html: { Data: '<script>"alert(2)"</script>' } },
      },
    });
    const [kept] = sink.list();
    if (kept === undefined) throw new Error('The mail was not kept.');
    expect(mailPage(kept)).not.toContain('<script>');
    expect(mailPage(kept)).toContain('<iframe sandbox');
    expect(inboxPage(sink.list(), '/local/emails')).toContain(`href="/local/emails/${kept.id}"`);
    expect(inboxPage(sink.list(), '/local/emails')).not.toContain('<script>');
  });
});

describe('a refused mail', () => {
  it('has a sender that nobody verified', async () => {
    for (const Source of ['eve@users.test', 'x@notmail.test', 'other@shop.test']) {
      await expect(send({ Source })).rejects.toMatchObject({
        name: 'MessageRejected',
        message: `Email address is not verified. The following identities failed the check in region US-EAST-1: ${Source}`,
      });
    }
    expect(sink.list()).toEqual([]);
  });

  it('has nobody to go to, or too many', async () => {
    const everyone = Array.from({ length: 51 }, (_, n) => `u${n}@users.test`);
    await expect(send({ Destination: {} })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    await expect(send({ Destination: { ToAddresses: everyone } })).rejects.toThrow('Recipient');
    await expect(send({ Destination: { ToAddresses: ['not an address'] } })).rejects.toThrow(
      'not an e-mail address',
    );
    expect(sink.list()).toEqual([]);
  });
});

describe('faults', () => {
  it('throttle and pause refuse once, under the names that the SDK knows', async () => {
    sink.faults.add({ kind: 'throttle', times: 1 });
    await expect(send()).rejects.toMatchObject({ name: 'Throttling' });
    sink.faults.add({ kind: 'paused', times: 1 });
    await expect(send()).rejects.toMatchObject({ name: 'AccountSendingPausedException' });
    expect(sink.list()).toEqual([]);
    await send();
    expect(sink.list()).toHaveLength(1);
  });

  it('reject one address and no other', async () => {
    sink.faults.add({ kind: 'reject', address: 'Bad@users.test', times: 2 });
    await send();
    const bad = { Destination: { ToAddresses: ['Bad One <bad@users.test>'] } };
    await expect(send(bad)).rejects.toMatchObject({ name: 'MessageRejected' });
    await expect(send(bad)).rejects.toMatchObject({ name: 'MessageRejected' });
    await send(bad);
    expect(sink.list()).toHaveLength(2);
  });

  it('a lost or missing answer comes after the mail was accepted', async () => {
    sink.faults.add({ kind: 'lost_reply', times: 1 });
    await expect(send()).rejects.toThrow();
    sink.faults.add({ kind: 'timeout', times: 1 });
    const abort = new AbortController();
    const unanswered = ses.send(new SendEmailCommand(mail()), { abortSignal: abort.signal });
    const ended = expect(unanswered).rejects.toThrow();
    await expect.poll(() => sink.list().length).toBe(2);
    abort.abort();
    await ended;
  });
});
