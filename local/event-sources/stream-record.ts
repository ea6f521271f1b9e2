/**
 * Records of a DynamoDB stream in the form that functions get. @see
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
import { createHash } from 'node:crypto';
import type { StreamViewType } from '../assembly/model';
import type { JsonObject } from '../assembly/values/json';
import type { Attributes, ItemChange } from '../dynamodb/change';

export interface StreamRecord {
  sequenceNumber: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The size of its keys and images. */
  sizeBytes: number;
  /** What the function gets. */
  event: JsonObject;
}

export interface Stream {
  arn: string;
  region: string;
  viewType: StreamViewType;
}

export function streamRecord(change: ItemChange, sequenceNumber: string, stream: Stream): StreamRecord {
  const { keys, oldImage, newImage, at, isExpiry } = change;
  const { viewType } = stream;
  const images = {
    ...(newImage &&
      (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') && { NewImage: newImage }),
    ...(oldImage &&
      (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') && { OldImage: oldImage }),
  };
  const sizeBytes = [keys, ...Object.values(images)].reduce((sum, image) => sum + attributesBytes(image), 0);
  return {
    ...{ sequenceNumber, at, sizeBytes },
    event: {
      eventID: createHash('md5').update(`${stream.arn}/${sequenceNumber}`).digest('hex'),
      eventName: eventName(change),
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: stream.region,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(at / 1000),
        Keys: keys,
        ...images,
        SequenceNumber: sequenceNumber,
        SizeBytes: sizeBytes,
        StreamViewType: viewType,
      },
      ...(isExpiry && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
      eventSourceARN: stream.arn,
    },
  };
}

function eventName({ oldImage, newImage }: ItemChange): string {
  if (!newImage) return 'REMOVE';
  return oldImage ? 'MODIFY' : 'INSERT';
}

/** Names and values, roughly by DynamoDB's rules: a number has half as many bytes as digits, plus one. */
function attributesBytes(attributes: Attributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: JsonObject): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'N':
      return Math.ceil(String(content).replace(/[-.]/g, '').length / 2) + 1;
    case 'B':
      return Buffer.byteLength(String(content), 'base64');
    case 'M':
      return 3 + attributesBytes(content as Attributes);
    case 'L':
      return (content as JsonObject[]).reduce((sum, one) => sum + 1 + valueBytes(one), 3);
    case 'SS':
    case 'NS':
    case 'BS':
      return (content as string[]).reduce((sum, one) => sum + valueBytes({ [type[0] ?? 'S']: one }), 0);
    default:
      return 1;
  }
}
