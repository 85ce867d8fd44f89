import { vi } from 'vitest';
import * as z from 'zod';
import { invariant } from '#lib/invariant';
import { type Deliver, type Request, request, type Step } from '#tests/faults/steps';
import type { RouteName, Subject } from '#tests/faults/subjects';
import { ORIGIN, type World } from '#tests/faults/world';

/** One command, receiver or consumer at work: what was there before, and what is asked of it then. */
export interface Scenario {
  readonly name: string;
  /** What of the product it is about. */
  readonly of: 'route' | 'receiver' | 'consumer' | 'job';
  /** Its function has just started, and asks for keys and secrets first. */
  readonly isCold?: true;
  /** What it puts through the faults: exactly what the step that it arranges sets to work. */
  readonly covers: readonly Subject[];
  /** It is about a refusal: its clean run writes nothing, where that of any other has to. */
  readonly changesNothing?: true;
  readonly arrange: (world: World) => Promise<Step>;
  /** Lines of the end state that may tell what happened on the way, with why at the scenario. */
  readonly mayDiffer?: RegExp;
  /** Further ones where the clock leapt, with why at the scenario. */
  readonly mayDifferAfterLeap?: RegExp;
  /** Other answers that tell the same, with why at the scenario. */
  readonly mayAnswer?: RegExp;
  /** What others do of what it left behind, before the end is looked at. */
  readonly settle?: (world: World) => Promise<void>;
}

const DELIVERIES_MAX = 12;
/** What an ordinary function has at its start. */
export const REMAINING_MS = 60_000;

/** Delivers until it is done, to a function that nothing happens to. */
export async function play(
  world: World,
  step: Pick<Step, 'fn'>,
  deliver: Deliver,
  from = { number: 1, instance: 0 },
): Promise<unknown> {
  const { instance } = from;
  for (let number = from.number; number <= DELIVERIES_MAX; number += 1) {
    if (number > 1) vi.setSystemTime(Date.now() + hiddenMs(world, step.fn));
    const life = world.life(step.fn, instance);
    const heard = await deliver(life, { number, remainingMs: REMAINING_MS });
    if (heard.kind === 'done') return heard.answer;
    if (heard.kind === 'wrong') throw new Error(`${step.fn}: ${heard.detail}`);
  }
  throw new Error(`${step.fn} was not done after ${DELIVERIES_MAX} deliveries`);
}

/** How long a queue keeps a message back that was delivered and not done. */
function hiddenMs({ model }: World, fn: string): number {
  const source = model.eventSources.find((each) => each.functionName === fn);
  if (source?.kind !== 'queue') return 0;
  return model.queues.find(({ name }) => name === source.queueName)?.visibilityTimeoutMs ?? 0;
}

/** The same from the beginning. */
export function perform(world: World, step: Step): Promise<unknown> {
  return play(world, step, step.begin());
}

const answerSchema = z.record(z.string(), z.unknown());

/** Asks a route and gives the answer's text fields, of which the ids are what a scenario goes on with. */
export async function ask(world: World, name: RouteName, asked: Request = {}) {
  const text = await perform(world, request(world, name, asked));
  const body = answerSchema.parse(JSON.parse(String(text)));
  return {
    body,
    text: (field: string): string => {
      const value = body[field];
      invariant(typeof value === 'string', `${name} answers ${field}`);
      return value;
    },
  };
}

/** Credits to begin with. */
export async function give(world: World, userId: string, amount: number, more: object = {}) {
  return ask(world, 'addCredits', {
    params: { userId },
    key: `give-${userId}-${amount}`,
    body: { amount, description: 'To begin with', ...more },
  });
}

/** The defaults of a deployment: packages, settings. */
export async function deploy(world: World): Promise<void> {
  const { defaultPackages } = await import('#lib/catalog/default-packages');
  for (const value of defaultPackages) {
    const id = { packageId: value.id };
    await world.ledger.write([{ record: 'package', id, value, version: null }]);
  }
}

export const RETURN_URLS = {
  success_url: `${ORIGIN}/thanks`,
  cancel_url: `${ORIGIN}/shop`,
};
