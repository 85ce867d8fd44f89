import { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { invariant } from '#lib/invariant';
import {
  publishTo,
  putIntoTable,
  queryIndexes,
  readObjects,
  readSecret,
  readTable,
  sendEmailAs,
  sendTo,
  writeObjects,
  writeTable,
} from '#infra/grants';
import type { ServiceResources } from '#infra/service-resources';

/** Where the files of exports lie in their bucket. */
const EXPORTS_PREFIX = 'exports';

export interface FunctionDefinition {
  /** What it is for, as the console shows it. */
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Whether the public reaches it without a gateway in front: its concurrency is then set aside and bounded. */
  readonly publicReceiver?: boolean;
  /** Beyond the variables that every function has (`ledger-function.ts`). */
  readonly environment: (resources: ServiceResources) => Readonly<Record<string, string>>;
  /** Beyond its own log group. */
  readonly statements: (resources: ServiceResources) => readonly PolicyStatement[];
  /** Findings of the security checks on its role, each with the reason why it is right. */
  readonly acknowledged?: (resources: ServiceResources) => Readonly<Record<string, string>>;
}

/**
 * Every Lambda function: the name is its folder under `functions/`, slashes as hyphens. A new function is one row here,
 * and, unless the contract's routes call it, its event source in `event-sources.ts`.
 *
 * The gateway gives up after 29 s, so what people wait for ends well before; memory buys CPU (1,769 MB is one vCPU),
 * and a cold start is CPU.
 */
export const functionDefinitions = {
  wallet: {
    description: 'What users ask about their own credits, and when they hear of them.',
    memoryMb: 1024,
    timeoutSeconds: 10,
    environment: (resources) => ({ ...tableVariables(resources), ...identityVariables(resources) }),
    statements: ({ table }) => [
      readTable(table),
      queryIndexes(table, ['gsi1', 'gsi3']),
      writeTable(table),
    ],
  },
  service: {
    description: 'What the app backend does to any wallet.',
    memoryMb: 1024,
    timeoutSeconds: 10,
    environment: (resources) => ({ ...tableVariables(resources), ...identityVariables(resources) }),
    statements: ({ table }) => [
      readTable(table),
      queryIndexes(table, ['gsi1', 'gsi3']),
      writeTable(table),
    ],
  },
  purchases: {
    description: 'Buying credits: checkout, orders, purchase status, receipts.',
    memoryMb: 1024,
    timeoutSeconds: 25,
    environment: (resources) => ({
      ...tableVariables(resources),
      ...identityVariables(resources),
      ...providerVariables(resources),
      REDIRECT_ORIGINS: resources.config.redirectOrigins.join(','),
      APP_NAME: resources.config.appName,
    }),
    statements: ({ table, secrets }) => [
      readTable(table),
      queryIndexes(table, ['gsi1']),
      writeTable(table),
      readSecret(secrets.stripeApiKey),
      readSecret(secrets.razorpayApiKey),
    ],
  },
  applications: {
    description: 'Codes that users redeem, and projects that they apply to.',
    memoryMb: 1024,
    timeoutSeconds: 10,
    environment: (resources) => ({ ...tableVariables(resources), ...identityVariables(resources) }),
    statements: ({ table }) => [
      readTable(table),
      queryIndexes(table, ['gsi1', 'gsi3']),
      writeTable(table),
    ],
  },
  subscriptions: {
    description: 'Subscribing, moving up and down, cancelling and resuming: what asks Stripe.',
    memoryMb: 1024,
    // A first subscription asks Stripe five times, one after the other.
    timeoutSeconds: 28,
    environment: (resources) => ({
      ...tableVariables(resources),
      ...identityVariables(resources),
      ...providerVariables(resources),
      REDIRECT_ORIGINS: resources.config.redirectOrigins.join(','),
    }),
    statements: ({ table, secrets }) => [
      readTable(table),
      writeTable(table),
      readSecret(secrets.stripeApiKey),
    ],
  },
  admin: {
    description: 'Verifying any wallet, reports, and what waits for a person.',
    memoryMb: 1024,
    timeoutSeconds: 25,
    environment: (resources) => ({
      ...tableVariables(resources),
      ...identityVariables(resources),
      ...jobVariables(resources),
      EXPORTS_BUCKET: resources.exports.bucketName,
      STRIPE_LIVEMODE: String(resources.config.livemode),
    }),
    statements: ({ table, jobs, exports }) => [
      readTable(table),
      queryIndexes(table, ['gsi1', 'gsi2', 'gsi3']),
      writeTable(table),
      sendTo(jobs.queue),
      readObjects(exports, EXPORTS_PREFIX),
    ],
    acknowledged: exportsAcknowledged,
  },
  'webhooks-stripe': {
    description: 'Receives Stripe events: checks the signature, queues, acknowledges.',
    memoryMb: 512,
    timeoutSeconds: 10,
    publicReceiver: true,
    environment: ({ secrets, fulfillment }) => ({
      STRIPE_WEBHOOK_SECRET_ARN: secrets.stripeWebhook.secretArn,
      FULFILLMENT_QUEUE_URL: fulfillment.queue.queueUrl,
    }),
    statements: ({ secrets, fulfillment }) => [
      readSecret(secrets.stripeWebhook),
      sendTo(fulfillment.queue),
    ],
  },
  'webhooks-razorpay': {
    description: 'Receives Razorpay events: checks the signature, queues, acknowledges.',
    memoryMb: 512,
    // Razorpay waits 5 s and then sends again.
    timeoutSeconds: 10,
    publicReceiver: true,
    environment: ({ secrets, fulfillment }) => ({
      RAZORPAY_WEBHOOK_SECRET_ARN: secrets.razorpayWebhook.secretArn,
      FULFILLMENT_QUEUE_URL: fulfillment.queue.queueUrl,
    }),
    statements: ({ secrets, fulfillment }) => [
      readSecret(secrets.razorpayWebhook),
      sendTo(fulfillment.queue),
    ],
  },
  fulfillment: {
    description: 'Turns provider events into facts about purchases, and those into credits.',
    memoryMb: 1024,
    timeoutSeconds: 30,
    environment: (resources) => ({
      ...tableVariables(resources),
      STRIPE_LIVEMODE: String(resources.config.livemode),
    }),
    // A paid period asks the history what the one before has left.
    statements: ({ table }) => [readTable(table), queryIndexes(table, ['gsi1']), writeTable(table)],
  },
  stream: {
    description: 'Publishes what the table says has happened.',
    memoryMb: 512,
    timeoutSeconds: 60,
    environment: (resources) => ({
      ...tableVariables(resources),
      EVENT_BUS_NAME: resources.bus.eventBusName,
      NOTIFICATIONS_QUEUE_URL: resources.notifications.queue.queueUrl,
      ...topUpVariables(resources),
    }),
    statements: ({ table, bus, notifications, topUps }) => [
      readTable(table),
      writeTable(table),
      publishTo(bus),
      sendTo(notifications.queue),
      sendTo(topUps.queue),
    ],
  },
  topups: {
    description: 'Buys credits for wallets that are to be topped up by themselves.',
    memoryMb: 1024,
    timeoutSeconds: 60,
    environment: (resources) => ({ ...tableVariables(resources), ...providerVariables(resources) }),
    statements: ({ table, secrets }) => [
      readTable(table),
      writeTable(table),
      readSecret(secrets.stripeApiKey),
    ],
  },
  notifications: {
    description: 'Sends each e-mail at most once per cause.',
    memoryMb: 512,
    timeoutSeconds: 30,
    environment: (resources) => ({
      ...tableVariables(resources),
      SENDER_EMAIL: resources.config.senderEmail,
      FINANCE_EMAIL: resources.config.financeEmail,
      APP_NAME: resources.config.appName,
    }),
    statements: ({ table, email, config }) => [
      readTable(table),
      writeTable(table),
      sendEmailAs(email, config.senderEmail),
    ],
  },
  jobs: {
    description:
      'Long work in slices: bulk credits, exports and whatever else is too long for a request.',
    memoryMb: 1024,
    timeoutSeconds: 300,
    environment: (resources) => ({
      ...tableVariables(resources),
      ...jobVariables(resources),
      ...providerVariables(resources),
      EXPORTS_BUCKET: resources.exports.bucketName,
    }),
    statements: ({ table, secrets, jobs, exports }) => [
      readTable(table),
      queryIndexes(table, ['gsi2']),
      writeTable(table),
      readSecret(secrets.stripeApiKey),
      readSecret(secrets.razorpayApiKey),
      sendTo(jobs.queue),
      readObjects(exports, EXPORTS_PREFIX),
      writeObjects(exports, EXPORTS_PREFIX),
    ],
    acknowledged: exportsAcknowledged,
  },
  registration: {
    description: 'Opens the account of a user who has confirmed, with the signup bonus.',
    memoryMb: 1024,
    // Cognito waits 5 s for a trigger, and asks again twice.
    timeoutSeconds: 5,
    environment: tableVariables,
    statements: ({ table }) => [readTable(table), writeTable(table)],
  },
  seed: {
    description: 'Writes the defaults a deployment needs and does not have yet.',
    memoryMb: 512,
    timeoutSeconds: 60,
    environment: tableVariables,
    statements: ({ table }) => [putIntoTable(table)],
  },
  schedules: {
    description:
      'What happens because time has passed: the expiry sweep, monthly credits, reconciliation.',
    memoryMb: 512,
    timeoutSeconds: 600,
    environment: (resources) => ({
      ...tableVariables(resources),
      ...jobVariables(resources),
      ...topUpVariables(resources),
      ...providerVariables(resources),
    }),
    statements: ({ table, secrets, jobs, topUps }) => [
      readTable(table),
      queryIndexes(table, ['gsi1', 'gsi2', 'gsi4']),
      writeTable(table),
      readSecret(secrets.stripeApiKey),
      readSecret(secrets.razorpayApiKey),
      sendTo(jobs.queue),
      sendTo(topUps.queue),
    ],
  },
} as const satisfies Record<string, FunctionDefinition>;

export type FunctionName = keyof typeof functionDefinitions;

/** The function of that row, as the stack has created it. */
export type FunctionLookup = (name: FunctionName) => LambdaFunction;

export function functionNames(): readonly FunctionName[] {
  return Object.keys(functionDefinitions).filter(isFunctionName);
}

function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functionDefinitions, name);
}

function exportsAcknowledged({ exports }: ServiceResources) {
  const finding = `${logicalIdOf(exports)}.Arn>/${EXPORTS_PREFIX}/*`;
  return {
    [`AwsSolutions-IAM5[Resource::<${finding}]`]:
      'Files are named for their jobs, which do not exist at deployment; the prefix holds nothing else.',
  };
}

function logicalIdOf(bucket: Bucket): string {
  const resource = bucket.node.defaultChild;
  invariant(resource instanceof CfnBucket, 'a bucket is one resource');
  // What a finding shows, in place of what the template refers to.
  return String(Stack.of(bucket).resolve(resource.logicalId));
}

function tableVariables({ table }: ServiceResources) {
  return { TABLE_NAME: table.tableName };
}

/** Of every function that asks the payment providers; it may read their secrets. */
function providerVariables({ config, secrets }: ServiceResources) {
  return {
    STRIPE_SECRET_ARN: secrets.stripeApiKey.secretArn,
    STRIPE_LIVEMODE: String(config.livemode),
    RAZORPAY_SECRET_ARN: secrets.razorpayApiKey.secretArn,
    RAZORPAY_LIVEMODE: String(config.livemode),
  };
}

/** Of every function that starts jobs or sends them on. */
function jobVariables({ jobs }: ServiceResources) {
  return { JOBS_QUEUE_URL: jobs.queue.queueUrl };
}

/** Of every function that asks for a look at a wallet's top-up. */
function topUpVariables({ topUps }: ServiceResources) {
  return { TOPUPS_QUEUE_URL: topUps.queue.queueUrl };
}

function identityVariables({ identity }: ServiceResources) {
  return {
    USER_POOL_ID: identity.userPool.userPoolId,
    APP_CLIENT_ID: identity.appClient.userPoolClientId,
    ADMIN_CLIENT_ID: identity.adminClient.userPoolClientId,
    SERVICE_CLIENT_ID: identity.serviceClient.userPoolClientId,
  };
}
