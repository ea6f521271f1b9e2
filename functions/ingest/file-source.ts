/** Incoming files as S3 objects. The only place that imports the S3 client. */
import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { IncomingFile } from './s3-event';

export interface FileSource {
  /** Streams the bytes of exactly this version. */
  read(file: IncomingFile): Promise<AsyncIterable<Uint8Array>>;
}

/** What S3 and its client report about an error. */
interface S3Failure extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

export class S3FileSource implements FileSource {
  readonly #client = new S3Client({ requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } });

  async read(file: IncomingFile): Promise<AsyncIterable<Uint8Array>> {
    return this.#piecesOf(file, await this.#open(file, 0));
  }

  /**
   * A stream breaks if nothing is read from it for a while, which happens when announcing takes long. Then the rest
   * is requested again.
   */
  async *#piecesOf(file: IncomingFile, first: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let position = 0;
    for (let body = first; ; body = await this.#open(file, position)) {
      const from = position;
      try {
        for await (const piece of body) {
          position += piece.length;
          yield piece;
        }
        return;
      } catch (error) {
        if (position >= file.sizeBytes) return;
        if (position === from) throw unreadable(file, error as S3Failure);
      }
    }
  }

  async #open(file: IncomingFile, position: number): Promise<AsyncIterable<Uint8Array>> {
    const { bucket, key, versionId, eTag } = file;
    const version = versionId === undefined ? { IfMatch: eTag } : { VersionId: versionId };
    const rest = position > 0 && { Range: `bytes=${position}-` };
    try {
      const asked = new GetObjectCommand({ Bucket: bucket, Key: key, ...version, ...rest });
      return (await this.#client.send(asked)).Body as Readable;
    } catch (error) {
      throw unreadable(file, error as S3Failure);
    }
  }
}

/**
 * Leaves out S3's message and the cause. They may contain the key, and so a patient's name, and thrown errors are
 * logged.
 */
function unreadable({ bucket, versionId, eTag, id }: IncomingFile, failure: S3Failure): FileUnreadableError {
  const { httpStatusCode: status, requestId } = failure.$metadata ?? {};
  const answer = [failure.name, status && `status ${status}`, requestId && `request ${requestId}`];
  return new FileUnreadableError(
    `File ${id}, version ${versionId ?? eTag} in bucket ${bucket}, could not be read: ${answer.filter(Boolean).join(', ')}`,
  );
}

/** S3 did not return the file. */
export class FileUnreadableError extends Error {}
