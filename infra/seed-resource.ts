import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** CloudFormation would wait an hour for a function that never answers. */
const ANSWER_TIMEOUT_SECONDS = 120;

export interface SeedResourceProps {
  readonly seed: LambdaFunction;
  /** The folder of the seed function's bundle. */
  readonly code: string;
}

/**
 * Runs the seed function at deployment, once for each version of its code. CloudFormation invokes it directly with a
 * custom resource event and waits for the answer that the function itself puts to the event's `ResponseURL`:
 * `{Status: "SUCCESS" | "FAILED", Reason?, PhysicalResourceId, StackId, RequestId, LogicalResourceId}`.
 * On `Delete` it answers SUCCESS and leaves the table as it is.
 */
export class SeedResource extends Construct {
  constructor(scope: Construct, id: string, props: SeedResourceProps) {
    super(scope, id);
    const resource = new CfnResource(this, 'Defaults', {
      type: 'AWS::CloudFormation::CustomResource',
      properties: {
        ServiceToken: props.seed.functionArn,
        ServiceTimeout: ANSWER_TIMEOUT_SECONDS,
        Revision: revisionOf(props.code),
      },
    });
    // The function alone is not enough: without its policy the first put is refused.
    resource.node.addDependency(props.seed);
  }
}

/** New defaults are new code, so the code's digest is what makes CloudFormation ask again. */
function revisionOf(code: string): string {
  return createHash('sha256')
    .update(readFileSync(join(code, 'index.js')))
    .digest('hex')
    .slice(0, 16);
}
