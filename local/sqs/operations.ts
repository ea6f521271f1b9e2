/** The supported operations of SQS: parameters in, result out, for both protocols. */
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import { attributesDigest, bodyDigest } from './digests';
import type { MessageAttribute, MessageAttributes, NewMessage } from './message';
import { messageBytes } from './message';
import { isWithin } from './message-rules';
import { MAX_VISIBILITY_SECONDS, type Queue } from './queue';
import { queueAttributes } from './queue-attributes';
import type { Queues } from './queues';
import { type AskedAttributes, defined, messageJson } from './received-message';
import { invalidParameter, missingParameter, noSuchQueue, SqsError } from './sqs-error';

const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 1024 * 1024;
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

function newMessage(input: JsonObject): NewMessage {
  const delaySeconds = integer(input, 'DelaySeconds');
  const groupId = textAt(input, 'MessageGroupId');
  const deduplicationId = textAt(input, 'MessageDeduplicationId');
  const traceHeader = traceHeaderIn(attributesIn(input, 'MessageSystemAttributes'));
  return {
    body: requiredText(input, 'MessageBody'),
    attributes: attributesIn(input, 'MessageAttributes'),
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}

function traceHeaderIn(system: MessageAttributes): string | undefined {
  const foreign = Object.keys(system).find((name) => name !== 'AWSTraceHeader');
  if (foreign !== undefined) {
    throw invalidParameter(
      `Message system attribute name '${foreign}' is invalid. AWSTraceHeader is the only one.`,
    );
  }
  return system.AWSTraceHeader?.StringValue;
}

function attributesIn(input: JsonObject, member: string): MessageAttributes {
  const given = input[member];
  if (given === undefined || given === null) return {};
  if (!isObject(given)) throw invalidParameter(`${member} must be a map of names to values.`);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attribute(value)]));
}

function attribute(value: Json): MessageAttribute {
  const StringValue = textAt(value, 'StringValue');
  const BinaryValue = textAt(value, 'BinaryValue');
  return {
    DataType: textAt(value, 'DataType') ?? '',
    ...(StringValue === undefined ? {} : { StringValue }),
    ...(BinaryValue === undefined ? {} : { BinaryValue }),
  };
}

async function receive(queue: Queue, input: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  const maxMessages = integer(input, 'MaxNumberOfMessages') ?? 1;
  if (!isWithin(maxMessages, 1, MAX_BATCH_ENTRIES)) {
    throw invalidParameter(
      `Value ${maxMessages} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and ${MAX_BATCH_ENTRIES}, if provided.`,
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

/** Runs each entry by itself. If one fails, the others still succeed. */
function batch(
  input: JsonObject,
  entryName: string,
  run: (entry: JsonObject) => JsonObject,
  check: (entries: JsonObject[]) => void = () => undefined,
): JsonObject {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []).filter(isObject);
  checkBatch(entries, entryName);
  check(entries);
  const Successful: JsonObject[] = [];
  const Failed: JsonObject[] = [];
  for (const entry of entries) {
    const Id = textAt(entry, 'Id') ?? '';
    try {
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { ...(Successful.length > 0 ? { Successful } : {}), ...(Failed.length > 0 ? { Failed } : {}) };
}

function checkBatch(entries: JsonObject[], entryName: string): void {
  const refuse = (code: string, message: string) => new SqsError(`AWS.SimpleQueueService.${code}`, message);
  if (entries.length === 0) {
    throw refuse('EmptyBatchRequest', `There should be at least one ${entryName} in the request.`);
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw refuse(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set<string>();
  for (const entry of entries) {
    const id = textAt(entry, 'Id') ?? '';
    if (!/^[\w-]{1,80}$/.test(id)) {
      throw refuse(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (ids.has(id)) throw refuse('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    ids.add(id);
  }
}

function checkBatchBytes(entries: JsonObject[]): void {
  const bytes = entries.reduce(
    (sum, entry) =>
      sum + messageBytes(textAt(entry, 'MessageBody') ?? '', attributesIn(entry, 'MessageAttributes')),
    0,
  );
  if (bytes <= MAX_BATCH_BYTES) return;
  throw new SqsError(
    'AWS.SimpleQueueService.BatchRequestTooLong',
    `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
  );
}

function requiredText(input: JsonObject, name: string): string {
  const value = textAt(input, name);
  if (value === undefined || value === '') throw missingParameter(name);
  return value;
}

/** In the query protocol, numbers are text. */
function integer(input: JsonObject, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw invalidParameter(
      `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: Must be an integer.`,
    );
  }
  return number;
}

function texts(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).filter((one): one is string => typeof one === 'string');
}
