/** Clients' messages go through a queue, which runs the function that pushes. */
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { PushStack } from '../push-stack';

export class PushFromQueue extends PushStack {
  constructor(scope: Construct) {
    super(scope, 'PushFromQueue', 'queue');
    const deadLetterQueue = { queue: new Queue(this, 'Dead'), maxReceiveCount: 3 };
    const queue = new Queue(this, 'Queue', { visibilityTimeout: Duration.seconds(30), deadLetterQueue });
    this.push.addEventSource(new SqsEventSource(queue, { batchSize: 1 }));
    queue.grantSendMessages(this.message);
    this.message.addEnvironment('QUEUE_URL', queue.queueUrl);
    new CfnOutput(this, 'QueueUrl', { value: queue.queueUrl });
  }
}
