import type { Queue } from '../../../local/assembly/model';

/** A queue with SQS's defaults and some changed settings. */
export function queueSettings(changes: Partial<Queue> = {}): Queue {
  const { queueName = 'queue' } = changes;
  return {
    ...{ path: 'Main/Queue', queueName, queueArn: `arn:aws:sqs:us-east-1:000000000000:${queueName}` },
    ...{ isFifo: false, contentBasedDeduplication: false, deduplicationScope: 'queue' },
    ...{ delaySeconds: 0, visibilityTimeoutSeconds: 30, retentionSeconds: 345_600 },
    ...{ receiveWaitSeconds: 0, maxMessageBytes: 1_048_576 },
    ...changes,
  };
}
