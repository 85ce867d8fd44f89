import * as z from 'zod';
import { seedPackages } from '#lib/catalog/seed-packages';
import type { Log } from '#lib/http/log';
import type { LedgerStore } from '#lib/ports';

export interface SeedDependencies {
  readonly store: Pick<LedgerStore, 'write'>;
  readonly log: Log;
}

/** What CloudFormation says when it creates, updates or deletes a custom resource (user guide, Custom resources). */
const requestSchema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});
type DeploymentRequest = z.infer<typeof requestSchema>;

type Result =
  { readonly Status: 'SUCCESS' } | { readonly Status: 'FAILED'; readonly Reason: string };

const PHYSICAL_ID = 'credit-ledger-defaults';
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Writes the defaults and tells CloudFormation, which waits for the answer at a URL of its own and fails the deployment
 * without it. Deleting the stack leaves the table as it is: it is retained, and what was sold must stay known.
 */
export async function answerDeployment(deps: SeedDependencies, event: unknown): Promise<void> {
  const request = requestSchema.parse(event);
  const result = request.RequestType === 'Delete' ? SUCCESS : await seed(deps);
  await answer(request, result);
}

const SUCCESS: Result = { Status: 'SUCCESS' };

async function seed({ store, log }: SeedDependencies): Promise<Result> {
  try {
    const { created } = await seedPackages(store);
    log.info('defaults written', { count: created.length });
    return SUCCESS;
  } catch (error) {
    // Whatever it was, the person who deploys has to be told, and the deployment rolled back.
    log.error('defaults not written', { error });
    return { Status: 'FAILED', Reason: 'The defaults were not written; the log says why.' };
  }
}

async function answer(request: DeploymentRequest, result: Result): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = request;
  const PhysicalResourceId = request.PhysicalResourceId ?? PHYSICAL_ID;
  const body = { ...result, PhysicalResourceId, StackId, RequestId, LogicalResourceId };
  const response = await fetch(request.ResponseURL, {
    method: 'PUT',
    // The URL is signed for a request without a content type, so none may be added for us.
    headers: { 'content-type': '' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  if (!response.ok) throw new DeploymentAnswerError(`the answer got status ${response.status}`);
}

/** CloudFormation has not got our answer: thrown, so that Lambda runs the function again. */
class DeploymentAnswerError extends Error {
  override readonly name = 'DeploymentAnswerError';
}
