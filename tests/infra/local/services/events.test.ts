import { createServer } from 'node:http';

import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { type Clock, createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { type BusEvent, createEvents, type Events } from '#infra/local/services/events';
import { openState, type StateStore } from '#infra/local/state';

let state: StateStore;
let clock: Clock;
let events: Events;
let client: EventBridgeClient;
let stop: () => Promise<void>;
let delivered: { readonly bus: string; readonly event: BusEvent }[];
let targets: 'up' | 'down';
let logged: string[];

const open = (): Events =>
  createEvents({
    state,
    clock,
    buses: ['credits'],
    deliver: (delivery) => {
      if (targets === 'down') throw new Error('no target');
      delivered.push(delivery);
    },
    log: (message) => logged.push(message),
  });
const entry = (more: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: 'credits',
  DetailType: 'credits.entry.created',
  Detail: '{"amount":5}',
  EventBusName: 'credits',
  ...more,
});
const put = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));

beforeEach(async () => {
  delivered = [];
  logged = [];
  targets = 'up';
  state = openState(':memory:');
  clock = createClock(state);
  clock.set(new Date('2031-02-03T04:05:06Z'));
  events = open();
  const server = createServer(events.listener);
  stop = () => stopListening(server);
  client = new EventBridgeClient({
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await stop();
  state.close();
});

it('an event reaches its targets in the shape of EventBridge and can be looked up', async () => {
  const result = await put(entry({ Resources: ['wallet'] }), entry({ EventBusName: 'x/credits' }));
  expect(result.FailedEntryCount).toBe(0);
  expect(delivered).toHaveLength(2);
  expect(delivered[0]).toMatchObject({
    bus: 'credits',
    event: {
      version: '0',
      id: result.Entries?.[0]?.EventId,
      'detail-type': 'credits.entry.created',
      source: 'credits',
      account: '000000000000',
      region: 'us-east-1',
      resources: ['wallet'],
      detail: { amount: 5 },
    },
  });
  expect(delivered[0]?.event.time).toMatch(/^2031-02-03T04:05:\d\dZ$/);
  await expect.poll(() => events.idle()).toBe(true);
  expect(events.list().map((record) => record.delivered)).toEqual([true, true]);
});

it('a wrong entry is refused alone, with the reason that EventBridge gives', async () => {
  const result = await put(
    entry(),
    entry({ Detail: '[1]' }),
    entry({ Detail: '{' }),
    { Source: 'credits', DetailType: 'credits.entry.created', EventBusName: 'credits' },
    entry({ Source: 'aws.s3' }),
    entry({ EventBusName: 'credit' }),
  );
  expect(result.FailedEntryCount).toBe(5);
  expect(result.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'MalformedDetail',
    'MalformedDetail',
    'InvalidArgument',
    'NotAuthorizedForSourceException',
    'ResourceNotFoundException',
  ]);
  expect(delivered).toHaveLength(1);
});

it('more than ten entries are refused together', async () => {
  await expect(put(...Array.from({ length: 11 }, () => entry()))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  expect(delivered).toEqual([]);
});

it('what a stopped stack accepted is delivered at the next start', async () => {
  targets = 'down';
  await put(entry());
  expect(logged).toHaveLength(1);
  targets = 'up';
  const restarted = open();
  await restarted.deliverPending();
  await restarted.deliverPending();
  expect(delivered).toHaveLength(1);
  expect(restarted.list()[0]?.delivered).toBe(true);
});

it('the newest thousand events are kept', async () => {
  for (let n = 0; n < 101; n += 1) await put(...Array.from({ length: 10 }, () => entry()));
  await put(entry());
  expect(events.list().length).toBeLessThanOrEqual(1_001);
  expect(events.list().at(-1)?.event.id).toBe(delivered.at(-1)?.event.id);
});
