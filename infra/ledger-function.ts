import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '#infra/acknowledge';
import type { FunctionDefinition, FunctionName } from '#infra/functions';
import type { ServiceResources } from '#infra/service-resources';
import type { StageName } from '#infra/stage';

export interface LedgerFunctionProps {
  readonly name: FunctionName;
  readonly definition: FunctionDefinition;
  readonly resources: ServiceResources;
  readonly stage: StageName;
  readonly prefix: string;
  /** The folder with `index.js`, which exports `handler`. */
  readonly code: string;
}

/** The service's name in logs and as the dimension of its metrics. */
export const SERVICE_NAME = 'credit-ledger';

export function metricsNamespace(stage: StageName): string {
  return `CreditLedger/${stage}`;
}

/** One row of `functions.ts` as a Lambda function with a log group and a role of its own. */
export class LedgerFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: LedgerFunctionProps) {
    super(scope, id);
    const { definition, resources, stage } = props;
    const functionName = `${props.prefix}-${props.name}`;
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: resources.config.logRetention,
      // What has to outlive a deployment is in the table's audit records.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${functionName} may do.`,
    });
    const statements = [
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
      ...definition.statements(resources),
    ];
    for (const statement of statements) role.addToPolicy(statement);
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: definition.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.code),
      memorySize: definition.memoryMb,
      timeout: Duration.seconds(definition.timeoutSeconds),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[resources.config.logLevel],
      systemLogLevelV2: SystemLogLevel.WARN,
      tracing: Tracing.ACTIVE,
      ...(definition.publicReceiver === true && {
        reservedConcurrentExecutions: resources.config.receiverConcurrency,
      }),
      environment: {
        STAGE: stage,
        LOG_LEVEL: resources.config.logLevel,
        POWERTOOLS_SERVICE_NAME: SERVICE_NAME,
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(stage),
        ...definition.environment(resources),
      },
    });
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]':
        'X-Ray segments belong to no resource: PutTraceSegments and PutTelemetryRecords take only *.',
      ...definition.acknowledged?.(resources),
    });
  }
}
