import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { EmailIdentity, Identity as EmailAddress } from 'aws-cdk-lib/aws-ses';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '#infra/acknowledge';
import { functionDefinitions } from '#infra/functions';
import { Identity } from '#infra/identity';
import { deadLetterQueue, LedgerQueue } from '#infra/ledger-queue';
import { ProviderSecrets } from '#infra/provider-secrets';
import type { StageConfig } from '#infra/stage';

/**
 * A message comes back every three minutes, so this is five hours: as long as SES may be down, or sending paused, before
 * a person has to redrive e-mails.
 */
const NOTIFICATION_DELIVERIES_MAX = 100;

export interface ServiceResourcesProps {
  readonly prefix: string;
  readonly config: StageConfig;
  readonly table: Table;
  readonly tableName: string;
}

/** What the functions use: each row of `functions.ts` picks its environment and its permissions from here. */
export class ServiceResources extends Construct {
  readonly config: StageConfig;
  readonly table: Table;
  /** Its physical name, which the reference `table.tableName` hides until deployment. */
  readonly tableName: string;
  readonly identity: Identity;
  readonly secrets: ProviderSecrets;
  /** Verified provider events, on their way to the ledger. */
  readonly fulfillment: LedgerQueue;
  /** E-mail requests. */
  readonly notifications: LedgerQueue;
  /** Jobs that want to be run or to go on. */
  readonly jobs: LedgerQueue;
  /** Files that people asked for, until they have fetched them. */
  readonly exports: Bucket;
  /** Wallets whose top-up somebody has to look at. */
  readonly topUps: LedgerQueue;
  /** Where stream records end that could not be published. */
  readonly streamFailures: Queue;
  readonly bus: EventBus;
  readonly email: EmailIdentity;

  constructor(scope: Construct, id: string, props: ServiceResourcesProps) {
    super(scope, id);
    const { prefix, config } = props;
    this.config = config;
    this.table = props.table;
    this.tableName = props.tableName;
    this.identity = new Identity(this, 'Identity', {
      prefix,
      adminCallbackUrls: config.adminCallbackUrls,
    });
    this.secrets = new ProviderSecrets(this, 'Secrets', prefix);
    this.fulfillment = new LedgerQueue(this, 'Fulfillment', {
      name: `${prefix}-fulfillment`,
      consumerTimeoutSeconds: functionDefinitions.fulfillment.timeoutSeconds,
    });
    this.notifications = new LedgerQueue(this, 'Notifications', {
      name: `${prefix}-notifications`,
      consumerTimeoutSeconds: functionDefinitions.notifications.timeoutSeconds,
      deliveriesMax: NOTIFICATION_DELIVERIES_MAX,
    });
    this.jobs = new LedgerQueue(this, 'Jobs', {
      name: `${prefix}-jobs`,
      consumerTimeoutSeconds: functionDefinitions.jobs.timeoutSeconds,
    });
    this.exports = exportsBucket(this);
    this.topUps = new LedgerQueue(this, 'TopUps', {
      name: `${prefix}-topups`,
      consumerTimeoutSeconds: functionDefinitions.topups.timeoutSeconds,
    });
    this.streamFailures = deadLetterQueue(this, 'StreamFailures', `${prefix}-stream-failures`);
    this.bus = new EventBus(this, 'Bus', { eventBusName: prefix });
    this.email = new EmailIdentity(this, 'Email', {
      identity: EmailAddress.email(config.senderEmail),
    });
  }
}

/** Files hold what users did, so nobody reads one but through a link that expires, and none stays longer than a week. */
function exportsBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'Exports', {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [
      { expiration: Duration.days(7), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });
  acknowledge(bucket, {
    'AwsSolutions-S1': 'Who asked for which file is in the audit records of the table.',
  });
  return bucket;
}
