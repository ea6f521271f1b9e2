/** The files that have come in, as objects of S3: the one place that imports its client. */
import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { IncomingFile } from './s3-event';

export interface FileSource {
  /** The bytes of exactly this version, as they come. */
  read(file: IncomingFile): Promise<AsyncIterable<Uint8Array>>;
}

export class S3FileSource implements FileSource {
  readonly #client = new S3Client({ requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } });

  async read({ bucket, key, versionId, eTag, id }: IncomingFile): Promise<AsyncIterable<Uint8Array>> {
    const version = versionId === undefined ? { IfMatch: eTag } : { VersionId: versionId };
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, ...version }),
      );
      return Body as Readable;
    } catch (error) {
      // Without the cause, which holds the key: what is thrown is logged.
      const { name, message } = error as Error;
      throw new FileUnreadableError(
        `File ${id}, version ${versionId ?? eTag} in bucket ${bucket}, cannot be read: ${name}: ${message}`,
      );
    }
  }
}

/** S3 did not give the file. */
export class FileUnreadableError extends Error {}
