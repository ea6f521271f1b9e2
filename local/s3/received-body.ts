/** The body of an upload, written to a file of its own and verified. */
import { open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { decodeAwsChunked, incompleteBody, isAwsChunked } from './aws-chunked';
import { BodyChecks } from './body-checks';
import type { Hashes } from './object-hashes';
import type { SizeRange } from './post-policy';
import { S3Error } from './s3-error';

/** S3's limit for one PUT. */
const MAX_BODY_BYTES = 5 * 1024 ** 3;

export interface ReceivedBody extends Hashes {
  path: string;
  size: number;
  /** Headers with checksums from the client that are correct. */
  verified: Record<string, string>;
}

/**
 * Writes the body to `path`. Deletes the file if the body is refused.
 * @throws {S3Error} if the body does not match its headers
 */
export async function receiveBody(request: IncomingMessage, path: string): Promise<ReceivedBody> {
  const length = declaredLength(request);
  const checks = new BodyChecks(request.headers);
  const trailers = new Map<string, string>();
  // The connection must survive a refused body, to deliver the response.
  const received = request.iterator({ destroyOnReturn: false });
  const content: AsyncIterable<Buffer> = isAwsChunked(request.headers)
    ? decodeAwsChunked(received, trailers)
    : received;
  const file = await open(path, 'wx');
  try {
    for await (const bytes of content) {
      checks.update(bytes);
      if (checks.size > length) throw incompleteBody();
      await file.writeFile(bytes);
    }
    if (checks.size !== length) throw incompleteBody();
    return { path, size: length, ...checks.finish(trailers) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Writes the file of a form to `path`. Deletes it if the file is refused.
 * @throws {S3Error} if the file's size is not in the range, or does not match the form's checksums
 */
export async function receiveFile(
  content: AsyncIterable<Buffer>,
  request: IncomingMessage,
  { path, headers, range }: { path: string; headers: Record<string, string>; range: SizeRange },
): Promise<ReceivedBody> {
  declaredLength(request);
  const checks = new BodyChecks(checksumsIn(headers));
  const file = await open(path, 'wx');
  try {
    for await (const bytes of content) {
      checks.update(bytes);
      // The rest of a file that is too large is only counted, for the response.
      if (checks.size <= range.max) await file.writeFile(bytes);
    }
    const { size } = checks;
    if (size > range.max) throw tooLarge(size, range.max);
    if (size < range.min) {
      throw new S3Error(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
        { ProposedSize: String(size), MinSizeAllowed: String(range.min) },
      );
    }
    return { path, size, ...checks.finish(new Map()) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function checksumsIn(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'content-md5' || name.startsWith('x-amz-checksum-')),
  );
}

function tooLarge(size: number, max: number): S3Error {
  return new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(size),
    MaxSizeAllowed: String(max),
  });
}

function declaredLength({ headers }: IncomingMessage): number {
  const text = isAwsChunked(headers) ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (text === undefined)
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  const length = Number(text);
  if (!/^\d+$/.test(String(text)))
    throw new S3Error(400, 'InvalidRequest', `The length of the body is not a number: ${text}`);
  if (length > MAX_BODY_BYTES) throw tooLarge(length, MAX_BODY_BYTES);
  return length;
}
