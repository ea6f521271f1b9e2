/**
 * Gives callers without permission to list a bucket the same response for a missing object as for one that they may
 * not read.
 */
import type { IncomingMessage } from 'node:http';
import type { S3Error } from './s3-error';

const hidden = new WeakMap<IncomingMessage, S3Error>();

/** Makes the request fail with this error instead of `NoSuchKey`. */
export function hideMissing(request: IncomingMessage, error: S3Error): void {
  hidden.set(request, error);
}

export function shownInstead(request: IncomingMessage, error: S3Error): S3Error {
  return (error.code === 'NoSuchKey' && hidden.get(request)) || error;
}
