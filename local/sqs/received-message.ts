/** A received message in the form of SQS's API, with the attributes that the receiver asked for. */
import type { Json, JsonObject } from '../assembly/values/json';
import { SENDER_ID } from '../messaging/assumptions';
import { attributesDigest, bodyDigest } from './digests';
import type { MessageAttributes, ReceivedMessage } from './message';

/** All system attributes of a message. */
export function systemAttributes(message: ReceivedMessage): Record<string, string> {
  return defined({
    SenderId: SENDER_ID,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    SequenceNumber: message.sequence === undefined ? undefined : String(message.sequence),
    MessageDeduplicationId: message.deduplicationId,
    MessageGroupId: message.groupId,
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSourceArn,
  });
}

export interface AskedAttributes {
  /** System attributes: `All` or names. */
  system: string[];
  /** `All`, `.*`, `prefix.*` or a name. */
  message: string[];
}

export function messageJson(message: ReceivedMessage, asked: AskedAttributes): JsonObject {
  const system = Object.entries(systemAttributes(message)).filter(
    ([name]) => asked.system.includes('All') || asked.system.includes(name),
  );
  const attributes: MessageAttributes = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => asked.message.some((one) => isAsked(name, one))),
  );
  return defined({
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: bodyDigest(message.body),
    Body: message.body,
    Attributes: system.length === 0 ? undefined : Object.fromEntries(system),
    MD5OfMessageAttributes: attributesDigest(attributes),
    MessageAttributes:
      Object.keys(attributes).length === 0 ? undefined : (attributes as unknown as JsonObject),
  });
}

function isAsked(name: string, asked: string): boolean {
  if (asked === 'All' || asked === '.*') return true;
  return asked.endsWith('.*') ? name.startsWith(asked.slice(0, -2)) : name === asked;
}

/** Removes undefined members. */
export function defined<Value extends Json>(
  members: Record<string, Value | undefined>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}
