/** The event with messages of a queue. @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { attributesDigest, bodyDigest } from '../sqs/digests';
import type { MessageAttributes, ReceivedMessage } from '../sqs/message';
import { systemAttributes } from '../sqs/received-message';

export interface Source {
  arn: string;
  region: string;
}

export function queueRecord(message: ReceivedMessage, { arn, region }: Source): JsonObject {
  const digest = attributesDigest(message.attributes);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: attributesIn(message.attributes),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    md5OfBody: bodyDigest(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  };
}

function attributesIn(attributes: MessageAttributes): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ]),
  );
}

/** The record for filters. A JSON body is parsed. */
export function filteredRecord(record: JsonObject): JsonObject {
  return { ...record, body: bodyIn(String(record.body)) };
}

function bodyIn(body: string): Json {
  try {
    const parsed: Json = JSON.parse(body);
    return isObject(parsed) ? parsed : body;
  } catch {
    return body;
  }
}
