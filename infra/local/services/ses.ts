import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { AwsError } from '#infra/local/services/aws-error';
import { answer, type Rendering, runWithFaults } from '#infra/local/services/aws-http';
import { createFaults, type Faults } from '#infra/local/services/faults';
import { bareAddress, parseMail } from '#infra/local/services/mime';
import type { StateStore } from '#infra/local/state';

/** A message may have this many recipients (SES quota). */
const RECIPIENTS_MAX = 50;
const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/';

const mailSchema = z.object({
  id: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  reply_to: z.array(z.string()),
  subject: z.string(),
  text: z.string().nullable(),
  html: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  configuration_set: z.string().nullable(),
  sent_at: z.string(),
});
/** A mail as `GET /local/emails` shows it; `to` holds every recipient. */
export type Mail = z.infer<typeof mailSchema>;

/** SES (the first API) that delivers into a list instead of into the world. */
export interface MailSink {
  readonly listener: RequestListener;
  /** `throttle`, `unavailable`, `lost_reply`, `timeout`, `reject` (of one address), `paused`. */
  readonly faults: Faults;
  /** Every accepted mail, newest last. */
  list(): Mail[];
  get(id: string): Mail | undefined;
  clear(): void;
}

/** `identities` are the addresses and domains that may send; another sender is `MessageRejected`. */
export function createMailSink(options: {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly identities: readonly string[];
  readonly log: (message: string) => void;
  readonly region?: string;
}): MailSink {
  const { state, clock, identities, log, region = 'us-east-1' } = options;
  const mails = state.collection('emails', mailSchema);
  const faults = createFaults();

  const accept = (action: string, content: Content): Rendered => {
    checkSender({ from: content.from, identities, region });
    checkRecipients(content.to);
    const id = `${clock.now().getTime().toString(16).padStart(16, '0')}-${randomUUID()}-000000`;
    mails.put(id, { ...content, id, sent_at: clock.now().toISOString() });
    return { action, fields: { MessageId: id } };
  };
  const handle = (body: Buffer): unknown => {
    const form = new URLSearchParams(body.toString('utf8'));
    const action = form.get('Action') ?? '';
    const read = READERS[action];
    if (read === undefined || !Object.hasOwn(READERS, action)) {
      throw new AwsError('InvalidAction', `The local stack has no SES action "${action}".`);
    }
    const content = read(form);
    // A fault of one address must name it before the mail counts as sent.
    const address = content.to.find((to) => hasFaultFor(faults, bareAddress(to)));
    return runWithFaults({
      faults,
      name: action,
      address: address && bareAddress(address),
      run: () => accept(action, content),
    });
  };
  return {
    faults,
    listener: (request, response) => {
      void answer({ request, response, log, render: XML }, handle);
    },
    list: () => mails.list(),
    get: (id) => mails.get(id),
    clear: () => {
      state.transaction(() => {
        for (const { id } of mails.list()) mails.delete(id);
      });
    },
  };
}

type Content = Omit<Mail, 'id' | 'sent_at'>;

interface Rendered {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const READERS: Readonly<Record<string, (form: URLSearchParams) => Content>> = {
  SendEmail: (form) => {
    const subject = form.get('Message.Subject.Data');
    const text = form.get('Message.Body.Text.Data');
    const html = form.get('Message.Body.Html.Data');
    if (subject === null || (text === null && html === null)) {
      throw new AwsError('ValidationError', 'A mail needs a subject and a text or HTML body.');
    }
    const from = form.get('Source') ?? '';
    const to = ['To', 'Cc', 'Bcc'].flatMap((kind) =>
      members(form, `Destination.${kind}Addresses.member.`),
    );
    const reply_to = members(form, 'ReplyToAddresses.member.');
    return { from, to, reply_to, subject, text, html, ...labels(form) };
  },
  SendRawEmail: (form) => {
    const mail = parseMail(Buffer.from(form.get('RawMessage.Data') ?? '', 'base64'));
    const named = members(form, 'Destinations.member.');
    return {
      ...mail,
      // Where the envelope says something, it wins over the headers.
      from: form.get('Source') ?? mail.from,
      to: named.length > 0 ? named : [...mail.to],
      reply_to: [],
      ...labels(form),
    };
  },
};

function labels(form: URLSearchParams) {
  const names = members(form, 'Tags.member.', '.Name');
  const values = members(form, 'Tags.member.', '.Value');
  return {
    tags: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
    configuration_set: form.get('ConfigurationSetName'),
  };
}

/** A list in the query protocol: `prefix` 1 `suffix`, `prefix` 2 `suffix`, until one is missing. */
function members(form: URLSearchParams, prefix: string, suffix = ''): string[] {
  const found: string[] = [];
  for (;;) {
    const value = form.get(`${prefix}${found.length + 1}${suffix}`);
    if (value === null) return found;
    found.push(value);
  }
}

/** A domain that may send covers its subdomains. */
function checkSender(sender: {
  readonly from: string;
  readonly identities: readonly string[];
  readonly region: string;
}): void {
  const { from, identities, region } = sender;
  const address = bareAddress(from)?.toLowerCase();
  if (address === undefined) {
    throw new AwsError('InvalidParameterValue', 'The sender is not an e-mail address.');
  }
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const verified = identities.some((identity) => {
    const known = identity.toLowerCase();
    return known === address || known === domain || domain.endsWith(`.${known}`);
  });
  if (!verified) {
    throw new AwsError(
      'MessageRejected',
      `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${from}`,
    );
  }
}

function checkRecipients(to: readonly string[]): void {
  if (to.length === 0) throw new AwsError('InvalidParameterValue', 'Missing destination addresses');
  if (to.length > RECIPIENTS_MAX) {
    throw new AwsError('MessageRejected', `Recipient count exceeds ${RECIPIENTS_MAX}.`);
  }
  const wrong = to.find((address) => bareAddress(address) === undefined);
  if (wrong !== undefined) {
    throw new AwsError('InvalidParameterValue', `"${wrong}" is not an e-mail address.`);
  }
}

function hasFaultFor(faults: Faults, address: string | undefined): boolean {
  return faults.list().some((fault) => fault.address?.toLowerCase() === address?.toLowerCase());
}

const renderedSchema = z.object({ action: z.string(), fields: z.record(z.string(), z.string()) });

const XML: Rendering = {
  contentType: 'text/xml',
  success: (result, requestId) => {
    const { action, fields } = renderedSchema.parse(result);
    const inner = Object.entries(fields).map(([name, value]) => element(name, escapeXml(value)));
    const body = element(`${action}Result`, inner.join('')) + metadata(requestId);
    return `<${action}Response xmlns="${NAMESPACE}">${body}</${action}Response>`;
  },
  failure: (error, requestId) => {
    const inner =
      element('Type', error.status < 500 ? 'Sender' : 'Receiver') +
      element('Code', queryCode(error.code)) +
      element('Message', escapeXml(error.message));
    const body = element('Error', inner) + element('RequestId', requestId);
    return `<ErrorResponse xmlns="${NAMESPACE}">${body}</ErrorResponse>`;
  },
};

/** The query protocol's name for being too fast differs from that of the JSON services. */
function queryCode(code: string): string {
  return code === 'ThrottlingException' ? 'Throttling' : code;
}

function metadata(requestId: string): string {
  return element('ResponseMetadata', element('RequestId', requestId));
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
