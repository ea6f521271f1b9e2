/** Hands the upload forms of programs to S3. Those of pages pass through BucketCors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bucket } from '../assembly/model';
import { signedService } from '../endpoint/credential-scope';
import type { PartialHandler, RequestHandler } from '../endpoint/request-router';
import { hasPostForm } from './post-form';
import { readAddress } from './s3-address';

export class BucketForms implements PartialHandler {
  readonly #names: ReadonlySet<string>;
  readonly #objects: RequestHandler;

  /** @param objects the S3 service, which verifies the signatures of forms */
  constructor(buckets: Bucket[], objects: RequestHandler) {
    this.#names = new Set(buckets.map(({ bucketName }) => bucketName));
    this.#objects = objects;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    if (!isFormOfBucket(request) || !this.#names.has(bucketAt(request) ?? '')) return undefined;
    return Promise.resolve(this.#objects.handle(request, response));
  }
}

/** Whether the request is a form to a bucket, whose signature is among its fields. */
export function isFormOfBucket(request: IncomingMessage): boolean {
  return hasPostForm(request) && signedService(request) === undefined && bucketAt(request) !== undefined;
}

/** The bucket, if the request is for a bucket and not for an object. */
export function bucketAt({ headers, url = '/' }: IncomingMessage): string | undefined {
  try {
    const { bucketName, key } = readAddress(headers.host, url);
    return key === '' ? bucketName : undefined;
  } catch {
    // S3 refuses a path that cannot be decoded.
    return undefined;
  }
}
