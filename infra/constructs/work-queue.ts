import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface WorkQueueProps {
  readonly queueName: string;
  /** The time-out of the function that takes from it: a message comes back after that, if nothing else. */
  readonly timeout: Duration;
}

const ATTEMPTS = 2;

/** A standard queue of work that goes stale, with a dead-letter queue for what could not be processed at all. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${props.queueName}-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: props.queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: props.timeout,
      // Old ticks evaporate, but not before a message that fails has used its attempts: each lasts a visibility time-out, and a message that
      // expires first never reaches the dead letters, whose alarm would then be silent.
      retentionPeriod: Duration.seconds(props.timeout.toSeconds() * (ATTEMPTS + 1)),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: ATTEMPTS },
    });
  }
}
