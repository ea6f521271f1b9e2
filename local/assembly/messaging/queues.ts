/** The app's SQS queues, with their settings in SQS's form. */
import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type { OtherResource, Queue } from '../model';
import { textAt } from '../values/json';
import { objectFrom } from '../values/json-text';
import type { Resource } from '../values/resource';

const QUEUE = 'AWS::SQS::Queue';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html */
const SETTINGS = {
  DelaySeconds: { default: 0, least: 0, most: 900 },
  MaximumMessageSize: { default: 1_048_576, least: 1_024, most: 1_048_576 },
  MessageRetentionPeriod: { default: 345_600, least: 60, most: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { default: 0, least: 0, most: 20 },
  VisibilityTimeout: { default: 30, least: 0, most: 43_200 },
};
const MAX_RECEIVE_COUNT = 1_000;

export function readQueues(assembly: Assembly): { queues: Queue[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const queues = new Map<string, { queue: Queue; resource: Resource }>();
  for (const resource of assembly.resources(QUEUE)) {
    attempts.try(resource, () => {
      const queue = readQueue(resource);
      const twin = queues.get(queue.queueArn);
      if (twin) throw resource.mistake(`is named ${queue.queueName}, like ${twin.queue.path}`);
      queues.set(queue.queueArn, { queue, resource });
    });
  }
  for (const { queue, resource } of queues.values()) {
    const { redrive } = queue;
    if (!redrive) continue;
    const deadLetters = queues.get(redrive.deadLetterArn)?.queue;
    const fault = deadLetters
      ? deadLetters.isFifo !== queue.isFifo &&
        'is of the other type, but SQS allows only dead-letter queues of the same type'
      : 'is not part of this app, so dead letters stay in their queue';
    if (!fault) continue;
    attempts.leaveOut(resource, `its dead-letter queue ${redrive.deadLetterArn} ${fault}`);
    delete queue.redrive;
  }
  return { queues: [...queues.values()].map(({ queue }) => queue), notRun: attempts.notRun };
}

function readQueue(resource: Resource): Queue {
  const queueName =
    textAt({ name: resource.stack.attribute(resource.logicalId, 'QueueName', 'Resources') ?? '' }, 'name') ??
    '';
  const isFifo = resource.flag('FifoQueue');
  if (!/^[\w-]{1,80}$/.test(queueName.replace(/\.fifo$/, '')) || isFifo !== queueName.endsWith('.fifo')) {
    throw resource.mistake(
      `its name is ${queueName}; names have letters, digits, hyphens and underscores, and end with .fifo if the queue is a FIFO queue, and only then`,
    );
  }
  const redrive = redriveOf(resource);
  return {
    path: resource.path,
    queueName,
    queueArn: String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources')),
    isFifo,
    contentBasedDeduplication: resource.flag('ContentBasedDeduplication'),
    deduplicationScope: resource.text('DeduplicationScope') === 'messageGroup' ? 'messageGroup' : 'queue',
    delaySeconds: setting(resource, 'DelaySeconds'),
    visibilityTimeoutSeconds: setting(resource, 'VisibilityTimeout'),
    retentionSeconds: setting(resource, 'MessageRetentionPeriod'),
    receiveWaitSeconds: setting(resource, 'ReceiveMessageWaitTimeSeconds'),
    maxMessageBytes: setting(resource, 'MaximumMessageSize'),
    ...(redrive && { redrive }),
  };
}

function setting(resource: Resource, name: keyof typeof SETTINGS): number {
  const { default: standard, least, most } = SETTINGS[name];
  const value = resource.number(name) ?? standard;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw resource.mistake(`its ${name} is ${value}; SQS allows whole numbers from ${least} to ${most}`);
}

function redriveOf(resource: Resource): Queue['redrive'] {
  const given = resource.property('RedrivePolicy');
  if (given === undefined) return undefined;
  const policy = objectFrom(given);
  const deadLetterArn = textAt(policy, 'deadLetterTargetArn') ?? '';
  const maxReceiveCount = Number(policy?.maxReceiveCount);
  if (deadLetterArn === '' || !(maxReceiveCount >= 1 && maxReceiveCount <= MAX_RECEIVE_COUNT)) {
    throw resource.mistake(
      `its RedrivePolicy is ${JSON.stringify(given)}; it needs deadLetterTargetArn, and maxReceiveCount from 1 to ${MAX_RECEIVE_COUNT}`,
    );
  }
  return { deadLetterArn, maxReceiveCount };
}
