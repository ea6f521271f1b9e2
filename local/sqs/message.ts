/** Messages as they are sent, and as a queue stores them. */
import { SqsError } from './sqs-error';

export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, optionally with a label: `Number.float`. */
  DataType: string;
  StringValue?: string;
  /** In base64. */
  BinaryValue?: string;
}

export type MessageAttributes = Record<string, MessageAttribute>;

export interface NewMessage {
  body: string;
  attributes?: MessageAttributes;
  /** The X-Ray header, the only system attribute that may be sent. */
  traceHeader?: string;
  /** @default the queue's */
  delaySeconds?: number;
  groupId?: string;
  deduplicationId?: string;
}

export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly traceHeader?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly bytes: number;
  /** When it was sent. A standard dead-letter queue keeps the time of the first queue. */
  sentAt: number;
  /** For FIFO queues: later messages have greater numbers. */
  sequence?: bigint;
  /** The count that consumers see. For a dead letter, it continues from the first queue. */
  receiveCount: number;
  /** Counts towards this queue's `maxReceiveCount`. */
  receivedHere: number;
  firstReceivedAt?: number;
  /** Before this time, the message is delayed or in flight. */
  visibleAt: number;
  isInFlight: boolean;
  /** The handle from its latest receive. */
  receiptHandle?: string;
  /** For a dead letter: the queue that it came from. */
  deadLetterSourceArn?: string;
}

/** A message as a consumer received it. */
export interface ReceivedMessage extends Readonly<QueuedMessage> {
  readonly receiptHandle: string;
  readonly firstReceivedAt: number;
}

export const MAX_MESSAGE_ATTRIBUTES = 10;

/** Matches characters that XML 1.0 does not allow, and so a body does not either. */
const FORBIDDEN_CHARACTER = /(?![\t\n\r])\p{Cc}(?<![\u{7F}-\u{9F}])|\p{Cs}|[\u{FFFE}\u{FFFF}]/u;

const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)(?!(?:aws|amazon)\.)[\w.-]{1,256}$/i;
const DATA_TYPE = /^(String|Number|Binary)(\..+)?$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @throws {SqsError} if SQS would refuse the text */
export function checkBody(body: string): void {
  if (FORBIDDEN_CHARACTER.test(body)) {
    throw new SqsError('InvalidMessageContents', 'Invalid characters found in message body.');
  }
}

/** @throws {SqsError} for the first attribute that SQS would refuse */
export function checkAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > MAX_MESSAGE_ATTRIBUTES) {
    throw invalidAttribute(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`,
    );
  }
  for (const [name, attribute] of entries) checkAttribute(name, attribute);
}

function checkAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttribute): void {
  if (!ATTRIBUTE_NAME.test(name)) {
    throw invalidAttribute(
      `The message attribute name '${name}' is invalid. It may have letters, digits, hyphens, underscores and single dots, at most 256 of them, and must not begin with AWS. or Amazon.`,
    );
  }
  const [, type] = DATA_TYPE.exec(DataType ?? '') ?? [];
  if (type === undefined) {
    throw invalidAttribute(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const value = type === 'Binary' ? BinaryValue : StringValue;
  if (value === undefined || value === '') {
    throw invalidAttribute(
      `The message attribute '${name}' must contain a non-empty value of type '${type}'.`,
    );
  }
  if (type === 'Number' && !NUMBER.test(value)) {
    throw invalidAttribute(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
}

function invalidAttribute(message: string): SqsError {
  return new SqsError(
    'InvalidParameterValue',
    message,
    'com.amazon.coral.service#InvalidParameterValueException',
  );
}

/** The size that the queue limits: the body, and the name, type and value of each attribute. */
export function messageBytes(body: string, attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue }]) =>
      sum +
      Buffer.byteLength(name + DataType) +
      (BinaryValue === undefined ? Buffer.byteLength(StringValue) : Buffer.byteLength(BinaryValue, 'base64')),
    Buffer.byteLength(body),
  );
}
