import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

/** Where messages go; resolves once the queue has the message for certain. */
export interface Queue {
  readonly send: (body: string) => Promise<void>;
}

const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 2;

/** An SQS queue. A hung request ends soon enough for the sender's caller to be told. */
export function createQueue(url: string, config: SQSClientConfig = {}): Queue {
  const client = new SQSClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  return {
    send: async (body) => {
      await client.send(
        new SendMessageCommand({ QueueUrl: url, MessageBody: transportable(body) }),
      );
    },
  };
}

/** SQS refuses these two code points; in JSON, where they can only stand inside text, they may be escaped. */
function transportable(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) =>
    character === '\uFFFE' ? '\\ufffe' : '\\uffff',
  );
}
