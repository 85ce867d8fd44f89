import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Clock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { createObjectStore as createStandIn } from '#infra/local/services/s3';
import { openState } from '#infra/local/state';

export const TEST_BUCKET = 'exports';

/** The local S3 on loopback, with what an SDK client needs to talk to it. */
export interface TestObjectStore {
  readonly config: S3ClientConfig;
  /** Ends the server and starts another one on the same files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openTestObjectStore(clock: Pick<Clock, 'now'>): Promise<TestObjectStore> {
  const directory = mkdtempSync(join(tmpdir(), 's3-'));
  const open = async (port: number) => {
    const state = openState(join(directory, 'state.sqlite'));
    const { listener } = createStandIn({
      folder: join(directory, 'objects'),
      state,
      clock,
      buckets: [TEST_BUCKET],
      secretAccessKey: 'test',
      log: (message) => {
        throw new Error(`The stand-in failed: ${message}`);
      },
    });
    const server = createServer(listener);
    const listening = await listen(server, port);
    return {
      port: listening,
      stop: async () => {
        await stopListening(server);
        state.close();
      },
    };
  };
  let running = await open(0);
  return {
    config: {
      endpoint: `http://127.0.0.1:${running.port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    restart: async () => {
      await running.stop();
      running = await open(running.port);
    },
    close: async () => {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
