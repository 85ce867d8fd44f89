import { SendEmailCommand, SESClient, type SESClientConfig } from '@aws-sdk/client-ses';
import * as z from 'zod';
import type { Mailer, MailOutcome } from '#lib/notifications/mailer';

export interface Sender {
  /** As readers see it beside the address. */
  readonly name: string;
  readonly address: string;
}

const CONNECTION_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 6_000;
const CHARSET = 'UTF-8';

/**
 * Sends through SES, which knows no idempotency key: a request that is repeated after a lost answer is a second mail.
 * So the SDK must not repeat anything, and every mail gets a connection of its own, because one that was kept while
 * the function was frozen is often dead, and a reset looks like a lost answer.
 */
export function createMailer(sender: Sender, config: SESClientConfig = {}): Mailer {
  const client = new SESClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: false },
      httpsAgent: { keepAlive: false },
    },
    ...config,
  });
  return {
    send: async ({ to, subject, html, text }) => {
      const part = (Data: string) => ({ Data, Charset: CHARSET });
      const command = new SendEmailCommand({
        Source: formatSender(sender),
        Destination: { ToAddresses: [to] },
        Message: { Subject: part(subject), Body: { Html: part(html), Text: part(text) } },
      });
      try {
        const { MessageId } = await client.send(command);
        return { kind: 'accepted', messageId: MessageId ?? '' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

/** What matters of anything the SDK throws; `$metadata` is there when an answer came. */
const failureSchema = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  syscall: z.string().optional(),
  errors: z.array(z.unknown()).optional(),
  $metadata: z.object({ httpStatusCode: z.int().optional() }).optional(),
});
type Failure = z.infer<typeof failureSchema>;

/** SES's words for a mail that it will not deliver to this address (SendEmail, Errors; HTTP 400). */
const REJECTIONS = new Set([
  'MessageRejected',
  'InvalidParameterValue',
  'InvalidParameterValueException',
]);
/** These are `MessageRejected` too, but they are the deployment's fault and not the address's, and repairable. */
const OUR_FAULT = /not verified|sending (paused|suspended)/i;
/** How Node names a connection that broke; before there is one, it is harmless. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
const CONNECTING = new Set(['connect', 'getaddrinfo']);

function outcomeOf(error: unknown): MailOutcome {
  const parsed = failureSchema.safeParse(error);
  if (!parsed.success) throw error;
  const failure = parsed.data;
  const reason = failure.code ?? failure.name;
  const status = failure.$metadata?.httpStatusCode;
  if (status === undefined) return { kind: wasSent(failure) ? 'unconfirmed' : 'refused', reason };
  // An answer that says yes and cannot be read.
  if (status < 300) return { kind: 'unconfirmed', reason };
  const isRejection = REJECTIONS.has(failure.name) && !OUR_FAULT.test(failure.message);
  return { kind: isRejection ? 'rejected' : 'refused', reason: failure.name };
}

function wasSent({ code, syscall, errors }: Failure): boolean {
  // Node tries several addresses, and reports them together, only while it connects.
  const wasConnecting = errors !== undefined || (syscall !== undefined && CONNECTING.has(syscall));
  return code !== undefined && BROKEN.has(code) && !wasConnecting;
}

/** The `From` header: the name quoted, or encoded where it is more than ASCII (RFC 5322 3.2.4, RFC 2047 2). */
function formatSender({ name, address }: Sender): string {
  const clean = name.replace(/\p{Cc}/gu, ' ').trim();
  if (clean === '') return address;
  if (/^[\x20-\x7e]*$/.test(clean)) return `"${clean.replace(/["\\]/g, '\\$&')}" <${address}>`;
  return `=?UTF-8?B?${Buffer.from(clean).toString('base64')}?= <${address}>`;
}
