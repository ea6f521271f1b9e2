/** The part of S3's API that the AWS CLI and the SDKs need for objects, with folders as buckets. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { xmlDocument } from '../endpoint/xml';
import type { Log } from '../log';
import type { BucketFolder } from './bucket-folder';
import { shownInstead } from './hidden-objects';
import { listObjects } from './list-objects';
import { MultipartUploads } from './multipart-uploads';
import { type Created, ObjectRequests } from './object-requests';
import { hasPostForm } from './post-form';
import type { AuthorizeForm } from './post-object';
import { readAddress, type S3Address } from './s3-address';
import { notImplemented, S3Error } from './s3-error';
import { newRequestIds, S3Response } from './s3-response';

export interface S3ServiceOptions {
  buckets: BucketFolder[];
  region: string;
  accountId: string;
  log: Log;
  /** Called for every object that a request has put into a bucket, before the request is answered. */
  onCreated?: (created: Created) => void;
  /** Authorizes forms, whose signatures are in their bodies. @default signatures are not verified */
  authorizeForm?: AuthorizeForm;
  /** The time, in milliseconds since the epoch, by which the policies of forms expire. @default the system's */
  now?: () => number;
}

/** Query parameters that turn a request into another operation. */
const OTHER_OPERATIONS = new Set(
  (
    'accelerate acl analytics append attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle ' +
    'logging metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock replication ' +
    'requestPayment restore retention select session tagging torrent versioning versions website'
  ).split(' '),
);

export class S3Service {
  readonly #options: S3ServiceOptions;
  readonly #uploads = new MultipartUploads();
  readonly #objects: ObjectRequests;

  constructor(options: S3ServiceOptions) {
    this.#options = options;
    this.#objects = new ObjectRequests(this.#uploads, options.onCreated ?? (() => {}), {
      authorize: options.authorizeForm,
      now: options.now ?? Date.now,
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = new S3Response(request, response, newRequestIds());
    try {
      await this.#serve(readAddress(request.headers.host, request.url ?? '/'), answer);
    } catch (error) {
      // The client has disconnected.
      if (response.destroyed || (request.destroyed && !request.complete)) response.destroy();
      else if (error instanceof S3Error) this.#refuse(shownInstead(request, error), answer);
      else {
        const { message } = error as Error;
        this.#options.log.error(`S3 failed to ${request.method} ${request.url?.split('?')[0]}: ${message}`);
        answer.error(
          new S3Error(500, 'InternalError', 'We encountered an internal error. Please try again.'),
        );
      }
    }
  }

  /** Drops unfinished uploads. */
  close(): Promise<void> {
    return this.#uploads.close();
  }

  async #serve(address: S3Address, answer: S3Response): Promise<void> {
    const { bucketName, key, query } = address;
    const { method = 'GET' } = answer.request;
    const other = [...query.keys()].find((name) => OTHER_OPERATIONS.has(name));
    if (other !== undefined) throw notImplemented(`${method} with ?${other}`);
    if (bucketName === undefined) {
      if (method !== 'GET') throw methodNotAllowed(method, 'SERVICE');
      answer.xml(this.#listBuckets());
      return;
    }
    const bucket = this.#options.buckets.find((one) => one.bucketName === bucketName);
    if (!bucket) throw this.#noSuchBucket(bucketName);
    if (key !== '') return this.#objects.serve(bucket, key, query, answer);
    await this.#serveBucket(bucket, query, answer, method);
  }

  async #serveBucket(
    bucket: BucketFolder,
    query: URLSearchParams,
    answer: S3Response,
    method: string,
  ): Promise<void> {
    const { region } = this.#options;
    if (method === 'HEAD') {
      answer.empty(200, { 'x-amz-bucket-region': region });
    } else if (method === 'GET' && query.has('location')) {
      // For us-east-1, S3 returns an empty element.
      answer.xml(
        `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${region === 'us-east-1' ? '' : region}</LocationConstraint>`,
      );
    } else if (method === 'GET' && query.get('list-type') === '2') {
      answer.xml(await listObjects(bucket, query), 200, { 'x-amz-bucket-region': region });
    } else if (method === 'GET') {
      throw notImplemented(query.has('uploads') ? 'ListMultipartUploads' : 'ListObjects, the first version,');
    } else if (hasPostForm(answer.request)) {
      await this.#objects.post(bucket, answer);
    } else if (method === 'PUT' || method === 'DELETE' || method === 'POST') {
      throw notImplemented(`${method} of a bucket`);
    } else {
      throw methodNotAllowed(method, 'BUCKET');
    }
  }

  #listBuckets(): string {
    const { buckets, accountId } = this.#options;
    const created = new Date(0).toISOString();
    return xmlDocument('ListAllMyBucketsResult', {
      Buckets: { Bucket: buckets.map(({ bucketName }) => ({ Name: bucketName, CreationDate: created })) },
      Owner: { ID: accountId, DisplayName: 'local' },
    });
  }

  #noSuchBucket(bucketName: string): S3Error {
    const names = this.#options.buckets.map((bucket) => bucket.bucketName).join(', ') || 'none';
    return new S3Error(
      404,
      'NoSuchBucket',
      `The specified bucket does not exist. Buckets on this machine: ${names}. To give a bucket of the app a folder, use --bucket NAME=DIR.`,
      { BucketName: bucketName },
    );
  }

  #refuse(error: S3Error, answer: S3Response): void {
    const { method, url } = answer.request;
    if (error.code === 'NotImplemented') {
      this.#options.log.warn(`S3 refused ${method} ${url?.split('?')[0]}: ${error.message}`);
    }
    answer.error(error);
  }
}

function methodNotAllowed(method: string, type: 'SERVICE' | 'BUCKET'): S3Error {
  return new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    Method: method,
    ResourceType: type,
  });
}
