/** The event by which S3 tells of new objects, as far as it is read here. Source: S3 User Guide, "Event message structure". */
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
     * The key is encoded as in the query of a URL. `versionId` is there if the bucket keeps versions. `sequencer` grows with
     * each put of a key, and is the same when one is told of twice.
     */
    object: { key: string; size: number; eTag: string; versionId?: string; sequencer?: string };
  };
}

/** One version of an object: what came in. */
export interface IncomingFile {
  bucket: string;
  key: string;
  sizeBytes: number;
  /** The version's id or, in a bucket without versions, nothing. */
  versionId?: string;
  eTag: string;
  /** ISO 8601. */
  cameAt: string;
  /** Tells this coming of this version from all others, and nothing about it. */
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
