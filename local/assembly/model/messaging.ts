/** SQS queues, and SNS topics with their subscriptions. */
import type { JsonObject } from '../values/json';

export interface Queue {
  path: string;
  queueName: string;
  queueArn: string;
  isFifo: boolean;
  contentBasedDeduplication: boolean;
  deduplicationScope: 'queue' | 'messageGroup';
  delaySeconds: number;
  visibilityTimeoutSeconds: number;
  retentionSeconds: number;
  receiveWaitSeconds: number;
  maxMessageBytes: number;
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
}

export interface Topic {
  path: string;
  topicName: string;
  topicArn: string;
  displayName: string;
  isFifo: boolean;
  contentBasedDeduplication: boolean;
  /** Only those that the runtime supports and that the topic may deliver to. */
  subscriptions: Subscription[];
}

export interface Subscription {
  path: string;
  subscriptionArn: string;
  protocol: 'lambda' | 'sqs';
  /** The ARN of the function or queue. */
  endpoint: string;
  isRaw: boolean;
  filterPolicy?: JsonObject;
  filterPolicyScope: 'MessageAttributes' | 'MessageBody';
  deadLetterArn?: string;
}
