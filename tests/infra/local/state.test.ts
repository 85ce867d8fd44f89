import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { createClock } from '#infra/local/clock';
import { LocalStackError } from '#infra/local/local-stack-error';
import { openState } from '#infra/local/state';

const noteSchema = z.object({ text: z.string() });
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'state-'));
  file = join(directory, 'data', 'state.sqlite');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the state of the local stack', () => {
  it('lists documents in the order in which they came, also after one was changed', () => {
    const state = openState(':memory:');
    const notes = state.collection('notes', noteSchema);
    notes.put('b', { text: 'first' });
    notes.put('a', { text: 'second' });
    notes.put('b', { text: 'changed' });
    expect(notes.list()).toEqual([{ text: 'changed' }, { text: 'second' }]);
    notes.delete('b');
    expect(notes.get('b')).toBeUndefined();
    state.close();
  });

  it('keeps collections apart', () => {
    const state = openState(':memory:');
    state.collection('one', noteSchema).put('id', { text: 'here' });
    expect(state.collection('two', noteSchema).get('id')).toBeUndefined();
    state.close();
  });

  it('writes all of a transaction or nothing, and a nested part fails alone', () => {
    const state = openState(':memory:');
    const notes = state.collection('notes', noteSchema);
    const fail = (id: string) => () => {
      notes.put(id, { text: 'lost' });
      throw new Error('stop');
    };
    expect(() => state.transaction(fail('a'))).toThrow('stop');
    state.transaction(() => {
      notes.put('b', { text: 'kept' });
      expect(() => state.transaction(fail('c'))).toThrow('stop');
    });
    expect(notes.list()).toEqual([{ text: 'kept' }]);
    state.close();
  });

  it('can be read by its owner only, because it holds signing keys', () => {
    const state = openState(file);
    state.collection('notes', noteSchema).put('a', { text: 'secret' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    state.close();
  });

  it('keeps a returned write through kill -9', async () => {
    const program = `
      const { openState } = await import('#infra/local/state');
      const z = await import('zod');
      openState(process.argv[1]).collection('notes', z.object({ text: z.string() })).put('a', { text: 'kept' });
      console.log('written');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;

    const state = openState(file);
    expect(state.collection('notes', noteSchema).list()).toEqual([{ text: 'kept' }]);
    state.close();
  });

  it('says in one sentence that a second stack may not use the same file', () => {
    const state = openState(file);
    expect(() => openState(file)).toThrow(/is in use by another process: .* another DATA_DIR\.$/);
    state.close();
  });

  it('says in one sentence that a damaged file needs a reset', () => {
    openState(file).close();
    writeFileSync(file, 'this was a database once\n'.repeat(400));
    expect(() => openState(file)).toThrow(LocalStackError);
    expect(() => openState(file)).toThrow(/cannot be used \(.+\): .* --reset to begin anew\.$/);
  });

  it('names the record that it cannot read', () => {
    const state = openState(file);
    state.collection('notes', noteSchema).put('a', { text: 'fine' });
    state.close();
    const database = new DatabaseSync(file);
    database.exec(`UPDATE documents SET value = '{"text":'`);
    database.close();

    const reopened = openState(file);
    expect(() => reopened.collection('notes', noteSchema).get('a')).toThrow(
      /record "notes\/a" that this version cannot read/,
    );
    reopened.close();
  });
});

describe('the clock of the local stack', () => {
  it('runs ahead by what it was advanced, in every thread that shares its offset', () => {
    const state = openState(':memory:');
    const clock = createClock(state);
    clock.advance(25 * 3_600_000);
    clock.advance(1);
    expect(new Float64Array(clock.offset)[0]).toBe(25 * 3_600_000 + 1);
    expect(clock.now().getTime() - Date.now()).toBeGreaterThan(25 * 3_600_000 - 1_000);
    state.close();
  });

  it('keeps its time through a restart', () => {
    const state = openState(file);
    createClock(state).set(new Date('2031-05-01T00:00:00Z'));
    state.close();
    const reopened = openState(file);
    expect(createClock(reopened).now().toISOString()).toMatch(/^2031-05-01T00:0/);
    reopened.close();
  });

  it('can go back, and refuses what is no date', () => {
    const state = openState(':memory:');
    const clock = createClock(state);
    clock.set(new Date('2001-01-01T00:00:00Z'));
    expect(clock.now().getUTCFullYear()).toBe(2001);
    expect(() => {
      clock.set(new Date('tomorrow'));
    }).toThrow(RangeError);
    expect(() => {
      clock.advance(Number.POSITIVE_INFINITY);
    }).toThrow(RangeError);
    expect(clock.now().getUTCFullYear()).toBe(2001);
    state.close();
  });
});
