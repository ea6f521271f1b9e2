/** The supported operations of SQS, for both protocols: each takes parameters and returns a result. */
import { type Json, type JsonObject, textAt } from '../assembly/values/json';
import { batch, checkBatchBytes } from './batch';
import { attributesDigest, bodyDigest } from './digests';
import { isWithin } from './message-rules';
import { MAX_VISIBILITY_SECONDS, type Queue } from './queue';
import { queueAttributes } from './queue-attributes';
import type { Queues } from './queues';
import { type AskedAttributes, defined, messageJson } from './received-message';
import { attributesIn, integer, newMessage, requiredText, texts } from './request-parameters';
import { invalidParameter, missingParameter, noSuchQueue } from './sqs-error';

const MAX_RECEIVED_MESSAGES = 10;
const MAX_WAIT_SECONDS = 20;
const MAX_LISTED_QUEUES = 1000;

export interface Caller {
  /** The queue URL for the caller, with the host of its request. */
  urlOf(queue: Queue): string;
  /** Aborted when the caller has disconnected. */
  signal: AbortSignal;
}

type Operation = (input: JsonObject, caller: Caller, queues: Queues) => JsonObject | Promise<JsonObject>;

export const OPERATIONS: Record<string, Operation> = {
  SendMessage: (input, _, queues) => send(queueIn(input, queues), input),
  SendMessageBatch: (input, _, queues) => {
    const queue = queueIn(input, queues);
    return batch(input, 'SendMessageBatchRequestEntry', (entry) => send(queue, entry), checkBatchBytes);
  },
  ReceiveMessage: async (input, { signal }, queues) => receive(queueIn(input, queues), input, signal),
  DeleteMessage: (input, _, queues) => remove(queueIn(input, queues), input),
  DeleteMessageBatch: (input, _, queues) => {
    const queue = queueIn(input, queues);
    return batch(input, 'DeleteMessageBatchRequestEntry', (entry) => remove(queue, entry));
  },
  ChangeMessageVisibility: (input, _, queues) => changeVisibility(queueIn(input, queues), input),
  ChangeMessageVisibilityBatch: (input, _, queues) => {
    const queue = queueIn(input, queues);
    return batch(input, 'ChangeMessageVisibilityBatchRequestEntry', (entry) =>
      changeVisibility(queue, entry),
    );
  },
  GetQueueUrl: (input, { urlOf }, queues) => {
    const queue = queues.byName(requiredText(input, 'QueueName'), textAt(input, 'QueueOwnerAWSAccountId'));
    if (!queue) throw noSuchQueue();
    return { QueueUrl: urlOf(queue) };
  },
  GetQueueAttributes: (input, _, queues) =>
    queueAttributes(queueIn(input, queues), texts(input.AttributeNames), queues),
  ListQueues: (input, { urlOf }, queues) => {
    const prefix = textAt(input, 'QueueNamePrefix') ?? '';
    const urls = queues
      .all()
      .filter(({ settings }) => settings.queueName.startsWith(prefix))
      .slice(0, MAX_LISTED_QUEUES)
      .map(urlOf);
    return urls.length === 0 ? {} : { QueueUrls: urls };
  },
  ListDeadLetterSourceQueues: (input, { urlOf }, queues) => {
    const { queueArn } = queueIn(input, queues).settings;
    const sources = queues.all().filter(({ settings }) => settings.redrive?.deadLetterArn === queueArn);
    return { queueUrls: sources.map(urlOf) };
  },
  PurgeQueue: (input, _, queues) => {
    queueIn(input, queues).purge();
    return {};
  },
};

function queueIn(input: JsonObject, queues: Queues): Queue {
  const queue = queues.byUrl(requiredText(input, 'QueueUrl'));
  if (!queue) throw noSuchQueue();
  return queue;
}

function send(queue: Queue, input: JsonObject): JsonObject {
  const message = newMessage(input);
  const sent = queue.send(message);
  return defined<Json>({
    MD5OfMessageBody: bodyDigest(message.body),
    MD5OfMessageAttributes: attributesDigest(message.attributes ?? {}),
    MD5OfMessageSystemAttributes: attributesDigest(attributesIn(input, 'MessageSystemAttributes')),
    MessageId: sent.messageId,
    SequenceNumber: sent.sequenceNumber,
  });
}

async function receive(queue: Queue, input: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  const maxMessages = integer(input, 'MaxNumberOfMessages') ?? 1;
  if (!isWithin(maxMessages, 1, MAX_RECEIVED_MESSAGES)) {
    throw invalidParameter(
      `Value ${maxMessages} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and ${MAX_RECEIVED_MESSAGES}, if provided.`,
    );
  }
  const waitSeconds = integer(input, 'WaitTimeSeconds') ?? queue.settings.receiveWaitSeconds;
  if (!isWithin(waitSeconds, 0, MAX_WAIT_SECONDS)) {
    throw invalidParameter(
      `Value ${waitSeconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= ${MAX_WAIT_SECONDS}, if provided.`,
    );
  }
  const visibilitySeconds = integer(input, 'VisibilityTimeout');
  if (visibilitySeconds !== undefined) checkVisibility(visibilitySeconds);
  const asked: AskedAttributes = {
    system: [...texts(input.AttributeNames), ...texts(input.MessageSystemAttributeNames)],
    message: texts(input.MessageAttributeNames),
  };
  const messages = await queue.receive({
    ...{ maxMessages, waitSeconds, signal },
    ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
  });
  return messages.length === 0 ? {} : { Messages: messages.map((message) => messageJson(message, asked)) };
}

function remove(queue: Queue, input: JsonObject): JsonObject {
  queue.delete(requiredText(input, 'ReceiptHandle'));
  return {};
}

function changeVisibility(queue: Queue, input: JsonObject): JsonObject {
  const handle = requiredText(input, 'ReceiptHandle');
  const seconds = integer(input, 'VisibilityTimeout');
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  checkVisibility(seconds);
  queue.changeVisibility(handle, seconds);
  return {};
}

function checkVisibility(seconds: number): void {
  if (isWithin(seconds, 0, MAX_VISIBILITY_SECONDS)) return;
  throw invalidParameter(
    `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and ${MAX_VISIBILITY_SECONDS}, if provided.`,
  );
}
