import { createServer } from 'node:http';
import { createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { type BusEvent, createEvents } from '#infra/local/services/events';
import type { Faults } from '#infra/local/services/faults';
import { openState } from '#infra/local/state';
import { type TestClientConfig, testClientConfig } from '#tests/support/table';

/** EventBridge for one test file. */
export interface TestEventBus {
  readonly config: TestClientConfig;
  readonly name: string;
  readonly faults: Faults;
  /** What rules would have seen, oldest first. */
  readonly events: () => readonly BusEvent[];
  close(): Promise<void>;
}

export async function openTestEventBus(): Promise<TestEventBus> {
  const state = openState(':memory:');
  const name = 'credits';
  const delivered: BusEvent[] = [];
  const service = createEvents({
    state,
    clock: createClock(state),
    buses: [name],
    deliver: ({ event }) => void delivered.push(event),
    log: (message) => {
      throw new Error(`the stand-in failed: ${message}`);
    },
  });
  const server = createServer(service.listener);
  const config = testClientConfig(`http://127.0.0.1:${await listen(server)}`);
  return {
    config,
    name,
    faults: service.faults,
    events: () => delivered,
    close: async () => {
      server.closeAllConnections();
      await stopListening(server);
      state.close();
    },
  };
}
