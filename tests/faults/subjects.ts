import * as z from 'zod';
import { routes } from '#lib/contract/routes';
import { type JobKind, jobTaskSchema } from '#lib/jobs/job-task';
import type { StackModel, TargetModel } from '#infra/local/template/model';

export type RouteName = keyof typeof routes;

/** Something of the product that faults may happen to, by the name that its declaration gives it. */
export type Subject =
  `route ${RouteName}` | `schedule ${string}` | `job ${JobKind}` | `consumer ${string}`;

/** Routes that change something by their method; which others do is what `writingReads` finds out. */
export function changingRoutes(): readonly Subject[] {
  return routeNames()
    .filter((name) => routes[name].method !== 'GET')
    .map((name) => `route ${name}` as const);
}

/** Every route of the contract. */
export function routeNames(): readonly RouteName[] {
  return Object.keys(routes).filter((name): name is RouteName => name in routes);
}

const inputSchema = z.object({ task: z.string() });

/** What the clock asks for, as the template says it. */
export function schedulesOf({ schedules }: StackModel): readonly Subject[] {
  return schedules
    .flatMap(({ targets }) => targets)
    .map(({ input = '{}' }) => `schedule ${inputSchema.parse(JSON.parse(input)).task}` as const);
}

/** Every function that is called by something else than a request or the clock. */
export function consumersOf(model: StackModel): readonly Subject[] {
  const names = [
    ...model.eventSources.map(({ functionName }) => functionName),
    ...model.functionUrls.map(({ functionName }) => functionName),
    ...model.userPools.flatMap(({ postConfirmation }) => postConfirmation ?? []),
    ...model.deployCalls.map(({ functionName }) => functionName),
    ...model.rules.flatMap(({ targets }) => targets.flatMap(functionOf)),
  ];
  return [...new Set(names)].map((name) => `consumer ${name}` as const);
}

function functionOf({ to }: TargetModel): readonly string[] {
  return to.kind === 'function' ? [to.name] : [];
}

/** Every kind of job: `functions/jobs/kinds.ts` must serve all that this schema knows, or it does not compile. */
export function jobKinds(): readonly Subject[] {
  return jobTaskSchema.options.map(({ shape }) => `job ${shape.kind.value}` as const);
}
