/** The S3 event for new objects: only the fields that we read. Source: S3 User Guide, "Event message structure". */
import { createHash } from 'node:crypto';

export interface S3Event {
  Records?: S3EventRecord[];
}

export interface S3EventRecord {
  /** ISO 8601. */
  eventTime: string;
  s3: {
    bucket: { name: string };
    /**
     * The key is encoded as in a URL's query. `versionId` is set if the bucket keeps versions. `sequencer` grows with
     * each put of a key, and is the same if an event is delivered twice.
     */
    object: { key: string; size: number; eTag: string; versionId?: string; sequencer?: string };
  };
}

/** One version of an object. */
export interface IncomingFile {
  bucket: string;
  key: string;
  sizeBytes: number;
  /** The version's id, or nothing in a bucket without versions. */
  versionId?: string;
  eTag: string;
  /** ISO 8601. */
  cameAt: string;
  /** Identifies this upload of this version, and reveals nothing about it. */
  id: string;
}

export function incomingFile({ eventTime, s3: { bucket, object } }: S3EventRecord): IncomingFile {
  const key = decodeURIComponent(object.key.replaceAll('+', ' '));
  const coming = [bucket.name, key, object.versionId ?? object.eTag, object.sequencer ?? ''];
  const id = createHash('sha256').update(JSON.stringify(coming)).digest('base64url');
  return {
    ...{ bucket: bucket.name, key, sizeBytes: object.size, eTag: object.eTag, cameAt: eventTime },
    ...(object.versionId !== undefined && { versionId: object.versionId }),
    id: id.slice(0, 22),
  };
}
