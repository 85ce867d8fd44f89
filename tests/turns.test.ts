import { expect, test } from 'vitest';
import { startTurns } from '#lib/turns';

async function run(failing: readonly number[], count: number) {
  const served: number[] = [];
  const all = async () => {
    const turns = startTurns();
    for (let n = 0; n < count; n += 1) {
      await turns.take(async () => {
        if (failing.includes(n)) throw new Error(`no ${n}`);
        served.push(n);
      });
    }
    turns.end();
  };
  const error: unknown = await all().catch((thrown: unknown) => thrown);
  return { served, error };
}

test('one that fails keeps nobody behind it waiting, and whoever called hears of it', async () => {
  expect(await run([], 4)).toEqual({ served: [0, 1, 2, 3], error: undefined });
  expect(await run([0], 4)).toEqual({ served: [1, 2, 3], error: new Error('no 0') });
  const { error, served } = await run([1, 2], 4);
  expect(served).toEqual([0, 3]);
  expect(error).toMatchObject({
    message: '2 failed, the first: Error: no 1',
    errors: [new Error('no 1'), new Error('no 2')],
  });
});

test('ten that fail are an outage: the rest waits for the next run', async () => {
  const failing = Array.from({ length: 20 }, (_, n) => n);
  const { error, served } = await run(failing, 30);
  expect(served).toEqual([]);
  expect(error).toHaveProperty('errors.length', 10);
});
