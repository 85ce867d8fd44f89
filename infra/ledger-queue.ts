import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '#infra/acknowledge';

/** How often a message is tried before a person has to look at it (DESIGN 6). */
const DELIVERIES_MAX = 5;
const DEAD_LETTER_RETENTION = Duration.days(14);

export interface LedgerQueueProps {
  readonly name: string;
  /** A message stays hidden for six of these, so that a slow consumer and its retries never see it twice at once. */
  readonly consumerTimeoutSeconds: number;
  /** How often a message is tried, where that is not the ordinary number. */
  readonly deliveriesMax?: number;
}

/** A queue that is encrypted, refuses plain HTTP, and hands what keeps failing to a dead-letter queue. */
export class LedgerQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: LedgerQueueProps) {
    super(scope, id);
    this.deadLetters = deadLetterQueue(this, 'DeadLetters', `${props.name}-dead-letters`);
    this.queue = new Queue(this, 'Queue', {
      queueName: props.name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(6 * props.consumerTimeoutSeconds),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: {
        queue: this.deadLetters,
        maxReceiveCount: props.deliveriesMax ?? DELIVERIES_MAX,
      },
    });
  }
}

/** The end of a line: kept for the longest time SQS has, redriven by an operator. */
export function deadLetterQueue(scope: Construct, id: string, name: string): Queue {
  const queue = new Queue(scope, id, {
    queueName: name,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
  acknowledge(queue, {
    'AwsSolutions-SQS3': 'It is a dead-letter queue, also where a stream uses it.',
  });
  return queue;
}
