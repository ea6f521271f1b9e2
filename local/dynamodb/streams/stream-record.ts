/** Records of a stream, in the form of `GetRecords`. */
import { createHash } from 'node:crypto';
import type { StreamViewType } from '../../assembly/model';
import type { JsonObject } from '../../assembly/values/json';
import { attributesBytes } from '../attribute-value';
import type { ItemChange } from '../change';

export interface RecordedStream {
  arn: string;
  region: string;
  viewType: StreamViewType;
}

export function streamRecord(change: ItemChange, { arn, region, viewType }: RecordedStream): JsonObject {
  const { keys, oldImage, newImage, at, isExpiry, sequenceNumber } = change;
  const images = {
    ...(newImage &&
      (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') && { NewImage: newImage }),
    ...(oldImage &&
      (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') && { OldImage: oldImage }),
  };
  return {
    eventID: createHash('md5').update(`${arn}/${sequenceNumber}`).digest('hex'),
    eventName: eventName(change),
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(at / 1000),
      Keys: keys,
      ...images,
      SequenceNumber: sequenceNumber,
      SizeBytes: [keys, ...Object.values(images)].reduce((sum, image) => sum + attributesBytes(image), 0),
      StreamViewType: viewType,
    },
    ...(isExpiry && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
  };
}

function eventName({ oldImage, newImage }: ItemChange): string {
  if (!newImage) return 'REMOVE';
  return oldImage ? 'MODIFY' : 'INSERT';
}
