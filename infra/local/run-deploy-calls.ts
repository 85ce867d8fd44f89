import { randomUUID } from 'node:crypto';
import * as z from 'zod';

import type { Invoker } from '#infra/local/lambda/invoker';
import { LocalStackError } from '#infra/local/local-stack-error';
import { readBody } from '#infra/local/gateway/http-message';
import { type Closing, serveOn } from '#infra/local/start-services';
import type { DeployCall } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

const answerSchema = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string(),
  RequestId: z.string(),
});
const ANSWER_BYTES_MAX = 4096;

/**
 * Does what CloudFormation does with a custom resource: calls its function and believes only the
 * answer that the function puts to the response URL. Throws LocalStackError when one fails, as a
 * deployment would.
 */
export async function runDeployCalls(options: {
  readonly calls: readonly DeployCall[];
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly place: Place;
  readonly closing: Closing;
}): Promise<void> {
  const { calls, closing, invoker, place } = options;
  if (calls.length === 0) return;
  const answers = new Map<string, z.infer<typeof answerSchema>>();
  const port = await serveOn((request, response) => {
    void readBody(request, ANSWER_BYTES_MAX)
      .then((body) => {
        const answer = answerSchema.parse(JSON.parse((body ?? '').toString()));
        answers.set(answer.RequestId, answer);
        response.writeHead(200).end();
      })
      .catch(() => response.writeHead(400).end());
  }, closing);

  for (const call of calls) {
    const RequestId = randomUUID();
    const result = await invoker.invoke(call.functionName, {
      RequestType: 'Create',
      RequestId,
      ResponseURL: `http://127.0.0.1:${port}/${RequestId}`,
      StackId: `arn:aws:cloudformation:${place.region}:${place.accountId}:stack/${call.stackName}/local`,
      LogicalResourceId: call.logicalId,
      ResourceType: 'AWS::CloudFormation::CustomResource',
      ResourceProperties: call.properties,
    });
    const answer = answers.get(RequestId);
    if (result.ok && answer?.Status === 'SUCCESS') continue;
    const reason = result.ok ? (answer?.Reason ?? 'it gave no answer') : result.error.errorMessage;
    throw new LocalStackError(
      `${call.functionName}, which runs at every start, failed: ${reason} Its log is in the data directory.`,
    );
  }
}
