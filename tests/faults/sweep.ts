import { vi } from 'vitest';
import { invariant } from '#lib/invariant';
import { breach } from '#tests/faults/breach';
import { anonymous, endState, type Marks, marksOf } from '#tests/faults/end-state';
import type { Fault, Tools } from '#tests/faults/faults';
import { breaches, changesOf } from '#tests/faults/invariants';
import { perform, play, REMAINING_MS, type Scenario } from '#tests/faults/scenario';
import { allPass, type Call, isReading } from '#tests/faults/seam';
import type { Heard, Step } from '#tests/faults/steps';
import type { World } from '#tests/faults/world';
import type { DumpedItem } from '#infra/local/dynamodb/dump';

/** What a caller waits for an answer. */
const PATIENCE_MS = 30_000;

export const START = '2026-11-20T12:00:00.000Z';

/** What a run that nothing happened to did and left. */
export interface Clean {
  readonly scenario: Scenario;
  readonly calls: readonly Call[];
  readonly answer: string;
  readonly state: readonly string[];
}

/** One fault at one call of one scenario. */
export interface Case {
  readonly clean: Clean;
  readonly fault: Fault;
  readonly call: number;
}

export async function runClean(world: World, scenario: Scenario): Promise<Clean> {
  const run = await begin(world, scenario);
  const calls: Call[] = [];
  world.life(run.step.fn).follow((call) => {
    calls.push(call);
    return { kind: 'pass' };
  }, countingOf(scenario));
  const answer = await perform(world, run.step);
  world.life(run.step.fn).follow(allPass);
  const { state, breaks } = await finish(world, scenario, run);
  if (breaks.length > 0) throw new Error(`${scenario.name}: ${breaks.join('; ')}`);
  const isHollow = calls.every(isReading) !== (scenario.changesNothing ?? false);
  invariant(
    !isHollow,
    `${scenario.name}: a clean run changes what it is about, or says that it does not`,
  );
  return { scenario, calls, answer: comparable(answer), state };
}

/** Every fault at every call that it can happen to. */
export function casesOf(clean: Clean, faults: readonly Fault[]): readonly Case[] {
  const calls = withoutLongRows(clean.calls);
  return faults.flatMap((fault) =>
    calls.filter(fault.hits).map(({ number }) => ({ clean, fault, call: number })),
  );
}

/** Of more equal calls in a row, such as the pages of a long reading, the first two and the last stand for all. */
const ROW_MAX = 10;

function withoutLongRows(calls: readonly Call[]): readonly Call[] {
  const isEqual = (call: Call, other: Call | undefined): boolean =>
    call.service === other?.service && call.operation === other.operation;
  const rows: Call[][] = [];
  for (const call of calls) {
    const row = rows.at(-1);
    if (row && isEqual(call, row[0])) row.push(call);
    else rows.push([call]);
  }
  return rows.flatMap((row) =>
    row.length > ROW_MAX ? [...row.slice(0, 2), ...row.slice(-1)] : row,
  );
}

/**
 * Acts, lets the fault happen, and does then what the caller would do until it is done. What is left must be what the
 * clean run left, and must keep every promise by itself. Answers what did not hold: nothing where all did.
 * An instance that remembers settings for a second may make one call less than the one that was counted.
 */
export async function runCase(world: World, one: Case): Promise<readonly string[] | 'not made'> {
  const { clean, fault, call } = one;
  const { scenario } = clean;
  const run = await begin(world, scenario);
  const { fn } = run.step;
  const frozen = Promise.withResolvers<'frozen'>();
  const thawed = Promise.withResolvers<undefined>();
  const tools: Tools = {
    twin: async () => {
      await play(world, run.step, run.step.begin(), { number: 1, instance: 1 });
    },
    leap: (ms) => {
      vi.setSystemTime(Date.now() + ms);
    },
    freeze: async () => {
      frozen.resolve('frozen');
      await thawed.promise;
    },
  };
  const seen = { isHit: false };
  const act = fault.at(call, tools);
  const life = world.life(fn);
  life.follow((made) => {
    if (made.number === call) seen.isHit ||= fault.hits(made);
    return seen.isHit ? act(made) : { kind: 'pass' };
  }, countingOf(scenario));
  const deliver = run.step.begin();
  const first = deliver(life, { number: 1, remainingMs: REMAINING_MS });
  const heard = await Promise.race([first, life.died, frozen.promise]);
  if (heard !== 'frozen') life.follow(allPass);
  const breaks = judgeFailure(heard, one);
  if (fault.pauseMs !== undefined) vi.setSystemTime(Date.now() + fault.pauseMs);
  try {
    const answer = await answerAfter(heard);
    const told = comparable(answer);
    const isSame = told === clean.answer || scenario.mayAnswer?.test(told) === true;
    if (!isSame) breaks.push(`answered ${told}`);
  } catch (error) {
    breaks.push(String(error));
  }
  const end = await finish(world, scenario, run);
  breaks.push(...end.breaks, ...mailedTwice(world, fault), ...differences(one, end.state));
  return seen.isHit || breaks.length > 0 ? breaks : 'not made';

  async function answerAfter(outcome: Heard | 'died' | 'frozen'): Promise<unknown> {
    if (outcome === 'frozen') {
      // Its caller has waited.
      vi.setSystemTime(Date.now() + PATIENCE_MS);
      const answer = await play(world, run.step, run.step.begin(), {
        number: 2,
        instance: 1,
      });
      thawed.resolve(undefined);
      // Whatever it says by now, nobody listens any more.
      await first.catch(() => undefined);
      await world.settleCalls();
      life.follow(allPass);
      return answer;
    }
    if (outcome !== 'died' && outcome.kind === 'done') return outcome.answer;
    return play(world, run.step, deliver, { number: 2, instance: 0 });
  }
}

/** A request may fail only in ways that tell its caller what to do. */
function judgeFailure(heard: Heard | 'died' | 'frozen', { clean, fault }: Case): string[] {
  if (heard === 'died' || heard === 'frozen' || heard.kind === 'done') return [];
  if (heard.kind === 'wrong') return [heard.detail];
  if (clean.scenario.of !== 'route' || fault.statuses?.includes(heard.status)) return [];
  return [`failed with ${heard.detail}`];
}

function countingOf({ isCold }: Scenario) {
  return { counts: isCold ? 'all' : 'warm' } as const;
}

interface Run {
  readonly step: Step;
  readonly marks: Marks;
  readonly before: readonly DumpedItem[];
}

async function begin(world: World, scenario: Scenario): Promise<Run> {
  vi.setSystemTime(START);
  await world.reset();
  const marks = marksOf(world);
  const step = await scenario.arrange(world);
  const [covers, subjects] = [scenario.covers, step.subjects].map((all) => all.toSorted().join());
  invariant(covers === subjects, `${scenario.name}: it covers ${subjects}`);
  if (scenario.isCold) world.retire(step.fn);
  return { step, marks, before: await world.items() };
}

async function finish(world: World, scenario: Scenario, { before, marks }: Run) {
  await scenario.settle?.(world);
  const after = await world.items();
  const breaks = [
    ...changesOf(before, after),
    ...breaches(after),
    ...(await unproven(world, after)),
  ];
  return { breaks, state: await endState(world, marks) };
}

/** What the product's own proof says of every wallet. */
async function unproven(world: World, items: readonly DumpedItem[]): Promise<readonly string[]> {
  const { verifyWallets } = await import('#lib/wallets/verify-wallets');
  const users = new Set(
    items.flatMap(({ pk, sk }) =>
      sk?.S?.startsWith('WALLET#') === true ? [pk?.S?.slice('USER#'.length) ?? ''] : [],
    ),
  );
  const proofs = await Promise.all([...users].map((userId) => verifyWallets(world.ledger, userId)));
  return proofs
    .flat()
    .flatMap(({ problems }) => problems.map((problem) => JSON.stringify(problem)));
}

function comparable(answer: unknown): string {
  return anonymous(typeof answer === 'string' ? answer : JSON.stringify(answer ?? null));
}

/**
 * A second mail may come of nothing but an end, or a pause, between the post's answer and the note of it. A twin
 * is delivered until it is done, which takes longer than the first one's claim to the mail lasts: a pause for that one.
 */
function mailedTwice(world: World, fault: Fault): readonly string[] {
  const mails = world.services.mails.list().map(({ subject, to }) => `${to.join()}: ${subject}`);
  const most = ['crash', 'F6', 'F15'].includes(fault.class) ? 2 : 1;
  return [...new Set(mails)]
    .filter((mail) => mails.filter((each) => each === mail).length > most)
    .map((mail) => breach(18, `sent more than ${most} times: ${mail}`));
}

function differences({ clean, fault }: Case, left: readonly string[]): readonly string[] {
  const { mayDiffer, mayDifferAfterLeap } = clean.scenario;
  const allowed = [mayDiffer, fault.class === 'F14' ? mayDifferAfterLeap : undefined];
  const compared = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => !allowed.some((pattern) => pattern?.test(line)));
  const [before, state] = [compared(clean.state), compared(left)];
  const [more, less] = [minus(state, before), minus(before, state)];
  return [...more.map((line) => `there is ${line}`), ...less.map((line) => `there is no ${line}`)];
}

/** As sets with repetitions. */
function minus(all: readonly string[], without: readonly string[]): readonly string[] {
  const rest = [...without];
  return all.filter((line) => {
    const at = rest.indexOf(line);
    if (at < 0) return true;
    rest.splice(at, 1);
    return false;
  });
}
