import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEventBus } from '#lib/messaging/event-bus';
import { openTestEventBus, type TestEventBus } from '#tests/support/event-bus';

let bus: TestEventBus;
beforeEach(async () => {
  bus = await openTestEventBus();
});
afterEach(async () => {
  await bus.close();
});

const event = (detail: object) => ({
  type: 'credits.entry.created',
  at: new Date('2026-11-20T12:00:00.900Z'),
  detail,
});

it('an event arrives as rules match it', async () => {
  const published = await createEventBus(bus.name, bus.config).publish([event({ n: 1 })]);
  expect(published).toEqual([{ ok: true }]);
  expect(bus.events()).toMatchObject([
    {
      source: 'credits',
      'detail-type': 'credits.entry.created',
      time: '2026-11-20T12:00:00Z',
      detail: { n: 1 },
    },
  ]);
});

it('what the bus refuses is told for each event, although the call succeeds', async () => {
  const other = createEventBus('missing', bus.config);
  const refused = { ok: false, reason: 'ResourceNotFoundException' };
  expect(await other.publish([event({}), event({})])).toEqual([refused, refused]);
  expect(bus.events()).toEqual([]);
});

it('a bus that is busy for a moment is asked again', async () => {
  bus.faults.add({ kind: 'throttle', times: 1 });
  expect(await createEventBus(bus.name, bus.config).publish([event({})])).toEqual([{ ok: true }]);
  expect(bus.events()).toHaveLength(1);
});

it('no events are no call', async () => {
  const nobody = { ...bus.config, endpoint: 'http://127.0.0.1:1' };
  expect(await createEventBus(bus.name, nobody).publish([])).toEqual([]);
});
