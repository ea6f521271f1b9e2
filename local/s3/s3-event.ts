/**
 * The S3 event for an object. @see
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
import type { StoredObject } from './bucket-folder';
import { encodeKey } from './object-key';
import type { RequestIds } from './s3-response';

export interface S3EventDetails {
  eventName: string;
  eventTime: number;
  region: string;
  accountId: string;
  sourceIpAddress: string;
  ids: RequestIds;
  /** The id of the notification that sends the event. */
  configurationId: string;
  bucketName: string;
  bucketArn: string;
  object: StoredObject;
  sequencer: string;
}

/** A placeholder for the sender, which S3 knows from the request. */
const PRINCIPAL_ID = 'AWS:LOCAL';

export function s3Event(details: S3EventDetails): string {
  const { object, ids } = details;
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: details.region,
    eventTime: new Date(details.eventTime).toISOString(),
    eventName: details.eventName,
    userIdentity: { principalId: PRINCIPAL_ID },
    requestParameters: { sourceIPAddress: details.sourceIpAddress },
    responseElements: { 'x-amz-request-id': ids.requestId, 'x-amz-id-2': ids.hostId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: details.configurationId,
      bucket: {
        name: details.bucketName,
        ownerIdentity: { principalId: details.accountId },
        arn: details.bucketArn,
      },
      object: {
        key: encodeKey(object.key),
        size: object.size,
        eTag: object.eTag,
        versionId: object.versionId,
        sequencer: details.sequencer,
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}

/** Increasing hexadecimal numbers: a later event for a key has a greater one. */
export class Sequencer {
  #last = 0n;

  next(now: number): string {
    const fromClock = BigInt(now) << 20n;
    this.#last = fromClock > this.#last ? fromClock : this.#last + 1n;
    return this.#last.toString(16).toUpperCase().padStart(18, '0');
  }
}
