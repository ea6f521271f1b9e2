/** The result of GetQueueAttributes: a queue's settings, and how many messages it has. */
import type { JsonObject } from '../assembly/values/json';
import type { Queue } from './queue';
import type { Queues } from './queues';
import { defined } from './received-message';
import { SqsError } from './sqs-error';

/** Attributes that SQS has but local queues do not. */
const WITHOUT_VALUE = new Set([
  'FifoThroughputLimit',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
]);

/** @throws {SqsError} for an unknown name */
export function queueAttributes(queue: Queue, names: string[], queues: Queues): JsonObject {
  const all = attributes(queue, queues);
  const unknown = names.find((name) => name !== 'All' && !KNOWN.has(name) && !WITHOUT_VALUE.has(name));
  if (unknown !== undefined) {
    throw new SqsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  }
  const asked = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
  return asked.length === 0 ? {} : { Attributes: Object.fromEntries(asked) };
}

const KNOWN = new Set([
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'ContentBasedDeduplication',
  'CreatedTimestamp',
  'DeduplicationScope',
  'DelaySeconds',
  'FifoQueue',
  'LastModifiedTimestamp',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'QueueArn',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'VisibilityTimeout',
]);

function attributes(queue: Queue, { startedAt }: Queues): Record<string, string> {
  const { settings } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const { redrive, isFifo } = settings;
  const started = String(Math.floor(startedAt / 1000));
  return defined({
    QueueArn: settings.queueArn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: started,
    LastModifiedTimestamp: started,
    VisibilityTimeout: String(settings.visibilityTimeoutSeconds),
    MaximumMessageSize: String(settings.maxMessageBytes),
    MessageRetentionPeriod: String(settings.retentionSeconds),
    DelaySeconds: String(settings.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWaitSeconds),
    RedrivePolicy: redrive && redriveText(redrive.deadLetterArn, redrive.maxReceiveCount),
    FifoQueue: isFifo ? 'true' : undefined,
    ContentBasedDeduplication: isFifo ? String(settings.contentBasedDeduplication) : undefined,
    DeduplicationScope: isFifo ? settings.deduplicationScope : undefined,
    SqsManagedSseEnabled: 'true',
  });
}

function redriveText(deadLetterTargetArn: string, maxReceiveCount: number): string {
  return JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
}
