import type { TableTemplate } from '#infra/local/dynamodb/tables';

/** What the synthesized template asks for, without any CloudFormation left in it. */
export interface StackModel {
  readonly functions: readonly FunctionModel[];
  readonly apis: readonly HttpApiModel[];
  readonly functionUrls: readonly FunctionUrlModel[];
  readonly tables: readonly TableModel[];
  readonly queues: readonly QueueModel[];
  /** Names of S3 buckets. */
  readonly buckets: readonly string[];
  readonly eventSources: readonly EventSourceModel[];
  readonly eventBuses: readonly string[];
  readonly rules: readonly RuleModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly userPools: readonly UserPoolModel[];
  readonly secrets: readonly SecretModel[];
  /** Addresses or domains that may send. */
  readonly emailIdentities: readonly string[];
  /** Functions that the deployment itself runs, in the template's order. */
  readonly deployCalls: readonly DeployCall[];
}

export interface FunctionModel {
  readonly name: string;
  /** The folder of the bundle; its `index.js` holds the handler. */
  readonly directory: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number;
}

export interface HttpApiModel {
  readonly id: string;
  readonly routes: readonly RouteModel[];
  readonly cors?: CorsModel;
  readonly throttle?: ThrottleModel;
}

export interface RouteModel {
  /** As in the template: `GET /credits/balance` or `$default`. */
  readonly routeKey: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  readonly authorizer?: JwtAuthorizerModel;
  /** One of these must be in the token; none asks for nothing. */
  readonly scopes: readonly string[];
  readonly throttle?: ThrottleModel;
}

export interface JwtAuthorizerModel {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** The header that carries the token, in lower case. */
  readonly header: string;
}

export interface ThrottleModel {
  readonly burst: number;
  readonly ratePerSecond: number;
}

export interface CorsModel {
  readonly allowCredentials: boolean;
  readonly allowHeaders: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

export interface FunctionUrlModel {
  readonly functionName: string;
  /** Where the gateway serves it: `/webhooks/stripe`. */
  readonly path: string;
}

export interface TableModel {
  readonly name: string;
  readonly template: TableTemplate;
}

export interface QueueModel {
  readonly name: string;
  readonly url: string;
  /** As SQS CreateQueue takes them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly deadLetterQueue?: string;
  readonly visibilityTimeoutMs: number;
}

interface EventSource {
  readonly functionName: string;
  readonly batchSize: number;
  readonly reportBatchItemFailures: boolean;
  /** Event patterns; a record that none of them matches is not delivered. Empty lets all pass. */
  readonly filters: readonly unknown[];
}

export interface QueueSourceModel extends EventSource {
  readonly kind: 'queue';
  readonly queueName: string;
  readonly maximumConcurrency?: number;
}

export interface StreamSourceModel extends EventSource {
  readonly kind: 'stream';
  readonly tableName: string;
  readonly bisectOnError: boolean;
  /** -1 retries until the record is too old. */
  readonly maximumRetryAttempts: number;
  /** -1 keeps trying as long as the stream has the record. */
  readonly maximumRecordAgeMs: number;
  readonly onFailureQueue?: string;
}

export type EventSourceModel = QueueSourceModel | StreamSourceModel;

export interface TargetModel {
  readonly to:
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'queue'; readonly name: string };
  /** JSON text that replaces the event. */
  readonly input?: string;
  readonly maximumRetryAttempts: number;
  readonly deadLetterQueue?: string;
}

export interface RuleModel {
  readonly name: string;
  readonly bus: string;
  readonly pattern: unknown;
  readonly targets: readonly TargetModel[];
}

export interface ScheduleModel {
  readonly name: string;
  /** `rate(...)`, `cron(...)` or `at(...)`. */
  readonly expression: string;
  readonly timeZone: string;
  readonly targets: readonly TargetModel[];
  /** EventBridge rules wrap nothing given in an event of their own; Scheduler sends what it is told. */
  readonly source: 'rule' | 'scheduler';
}

export interface UserPoolModel {
  readonly id: string;
  readonly clients: readonly UserPoolClientModel[];
  readonly postConfirmation?: string;
}

export interface UserPoolClientModel {
  readonly id: string;
  /** Name and logical id, to tell the app's client from the admins' and the machines'. */
  readonly name: string;
  readonly logicalId: string;
  readonly secret?: string;
  readonly flows: readonly string[];
  readonly scopes: readonly string[];
}

export interface SecretModel {
  readonly name: string;
  readonly arn: string;
  readonly value:
    | { readonly kind: 'text'; readonly text: string }
    | {
        readonly kind: 'generated';
        readonly template?: string;
        readonly key?: string;
        readonly length: number;
      };
}

export interface DeployCall {
  readonly functionName: string;
  readonly stackName: string;
  readonly logicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
}
