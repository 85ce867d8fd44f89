import { createServer } from 'node:http';
import { createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { createMailSink, type MailSink } from '#infra/local/services/ses';
import { openState } from '#infra/local/state';
import { type TestClientConfig, testClientConfig } from '#tests/support/table';

/** SES for one test file: what was sent, what to break, and how a client reaches it. */
export interface TestMailSink {
  readonly config: TestClientConfig;
  readonly sink: MailSink;
  close(): Promise<void>;
}

export const SENDER = { name: 'Credit Ledger (dev)', address: 'credits@shop.test' };

export async function openTestMailSink(): Promise<TestMailSink> {
  const state = openState(':memory:');
  const sink = createMailSink({
    state,
    clock: createClock(state),
    identities: [SENDER.address],
    log: failOnLog,
  });
  const server = createServer(sink.listener);
  const config = testClientConfig(`http://127.0.0.1:${await listen(server)}`);
  return {
    config,
    sink,
    close: async () => {
      server.closeAllConnections();
      await stopListening(server);
      state.close();
    },
  };
}

function failOnLog(message: string): void {
  throw new Error(`the stand-in failed: ${message}`);
}
