/** A published message: SNS's rules for it, and the text for each protocol. */
import type { Topic as TopicSettings } from '../assembly/model';
import { checkAttributes, type MessageAttributes, messageBytes } from '../sqs/message';
import { SqsError } from '../sqs/sqs-error';
import { invalidParameter, SnsError } from './sns-error';

export interface PublishedMessage {
  /** With the structure `json`, an object with a text for each protocol and one for `default`. */
  message: string;
  structure?: string;
  subject?: string;
  attributes: MessageAttributes;
  groupId?: string;
  deduplicationId?: string;
}

/** @see https://docs.aws.amazon.com/general/latest/gr/sns.html */
export const MAX_MESSAGE_BYTES = 256 * 1024;
const SUBJECT = /^[!-~][ -~]{0,99}$/;
const GROUP_ID = /^[!-~]{1,128}$/;

/** @throws {SnsError} if SNS would refuse the message */
export function checkMessage(published: PublishedMessage, topic: TopicSettings): void {
  const { message, structure, subject, attributes, groupId, deduplicationId } = published;
  if (message === '') throw invalidParameter('Empty message');
  if (messageBytes(message, attributes) > MAX_MESSAGE_BYTES) throw invalidParameter('Message too long');
  if (subject !== undefined && !SUBJECT.test(subject)) throw invalidParameter('Subject');
  if (structure !== undefined && structure !== 'json') throw invalidParameter('MessageStructure');
  if (structure === 'json') texts(message);
  try {
    checkAttributes(attributes);
  } catch (error) {
    if (error instanceof SqsError) throw new SnsError('ParameterValueInvalid', error.message);
    throw error;
  }
  for (const [name, id] of [
    ['MessageGroupId', groupId],
    ['MessageDeduplicationId', deduplicationId],
  ] as const) {
    if (id !== undefined && !GROUP_ID.test(id)) throw invalidParameter(name);
  }
  if (topic.isFifo && groupId === undefined) {
    throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
  }
  if (topic.isFifo && deduplicationId === undefined && !topic.contentBasedDeduplication) {
    throw invalidParameter(
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  if (!topic.isFifo && deduplicationId !== undefined) {
    throw invalidParameter(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    );
  }
}

/** The text for subscribers with that protocol. */
export function textFor(protocol: string, { message, structure }: PublishedMessage): string {
  if (structure !== 'json') return message;
  const { [protocol]: own, default: common = '' } = texts(message);
  return own ?? common;
}

function texts(message: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  const entries = Object.entries(parsed ?? {}).filter(([, text]) => typeof text === 'string');
  const found: Record<string, string> = Object.fromEntries(entries);
  if (!Object.hasOwn(found, 'default')) {
    throw invalidParameter('Message Structure - No default entry in JSON message body');
  }
  return found;
}
