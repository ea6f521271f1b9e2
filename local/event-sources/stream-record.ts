/**
 * Records of a DynamoDB stream in the form that functions receive. @see
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
import type { JsonObject } from '../assembly/values/json';
import type { ItemChange } from '../dynamodb/change';
import { type RecordedStream, streamRecord } from '../dynamodb/streams/stream-record';

export interface StreamRecord {
  sequenceNumber: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The size of its keys and images. */
  sizeBytes: number;
  /** The record that the function receives. */
  event: JsonObject;
}

export function functionRecord(change: ItemChange, stream: RecordedStream): StreamRecord {
  const record = streamRecord(change, stream);
  return {
    ...{ sequenceNumber: change.sequenceNumber, at: change.at },
    sizeBytes: Number((record.dynamodb as JsonObject).SizeBytes),
    event: { ...record, eventSourceARN: stream.arn },
  };
}
