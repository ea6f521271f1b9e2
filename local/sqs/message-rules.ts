/** Checks messages against the rules of SQS and the settings of their queue. */
import type { Queue } from '../assembly/model';
import { checkAttributes, checkBody, messageBytes, type NewMessage } from './message';
import { invalidParameter, missingParameter } from './sqs-error';

const MAX_DELAY_SECONDS = 900;
const GROUP_ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** @throws {SqsError} if SQS would refuse the message */
export function checkMessage(
  { body, attributes = {}, delaySeconds, groupId, deduplicationId }: NewMessage,
  { isFifo, contentBasedDeduplication, maxMessageBytes }: Queue,
): void {
  if (body === '') throw missingParameter('MessageBody');
  checkBody(body);
  checkAttributes(attributes);
  if (messageBytes(body, attributes) > maxMessageBytes) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`,
    );
  }
  if (delaySeconds !== undefined && !isWithin(delaySeconds, 0, MAX_DELAY_SECONDS)) {
    throw invalidParameter(
      `Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`,
    );
  }
  for (const [name, value] of [
    ['MessageGroupId', groupId],
    ['MessageDeduplicationId', deduplicationId],
  ] as const) {
    if (value !== undefined && !GROUP_ID.test(value)) {
      throw invalidParameter(
        `Value ${value} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
      );
    }
  }
  const notForThisType = isFifo
    ? delaySeconds !== undefined && delaySeconds > 0
    : deduplicationId !== undefined;
  if (notForThisType) {
    const [name, value] = isFifo
      ? ['DelaySeconds', delaySeconds]
      : ['MessageDeduplicationId', deduplicationId];
    throw invalidParameter(
      `Value ${value} for parameter ${name} is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  }
  if (isFifo && groupId === undefined) throw missingParameter('MessageGroupId');
  if (isFifo && deduplicationId === undefined && !contentBasedDeduplication) {
    throw invalidParameter(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
}

export function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
