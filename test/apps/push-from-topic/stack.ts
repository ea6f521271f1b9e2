/** Clients' messages are published to a topic. The function that pushes is a subscriber. */
import { CfnOutput } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { PushStack } from '../push-stack';

export class PushFromTopic extends PushStack {
  constructor(scope: Construct) {
    super(scope, 'PushFromTopic', 'topic');
    const topic = new Topic(this, 'Topic');
    topic.addSubscription(new LambdaSubscription(this.push));
    topic.grantPublish(this.message);
    this.message.addEnvironment('TOPIC_ARN', topic.topicArn);
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
  }
}
