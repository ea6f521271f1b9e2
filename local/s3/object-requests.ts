/** Requests for one object: GET, HEAD, PUT, POST, multipart upload and DELETE. */
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { xmlDocument } from '../endpoint/xml';
import type { BucketFolder, StoredObject } from './bucket-folder';
import { readRange } from './byte-range';
import type { MultipartUploads } from './multipart-uploads';
import { headersToGive, headersToKeep } from './object-headers';
import { namesToWrite } from './object-key';
import { type PostObjectOptions, postObject } from './post-object';
import { checkWrite, isNotModified } from './preconditions';
import { receiveBody } from './received-body';
import { noSuchKey, notImplemented, S3Error } from './s3-error';
import { type RequestIds, type S3Response, versionHeaders } from './s3-response';

/** An object that a request has put into a bucket. */
export interface Created {
  bucket: BucketFolder;
  object: StoredObject;
  how: 'Put' | 'Post' | 'CompleteMultipartUpload';
  ids: RequestIds;
  sourceIpAddress: string;
}

export class ObjectRequests {
  readonly #uploads: MultipartUploads;
  readonly #onCreated: (created: Created) => void;

  readonly #forms: PostObjectOptions;

  constructor(uploads: MultipartUploads, onCreated: (created: Created) => void, forms: PostObjectOptions) {
    this.#uploads = uploads;
    this.#onCreated = onCreated;
    this.#forms = forms;
  }

  /** Serves a browser's form, whose fields name the object. */
  post(bucket: BucketFolder, answer: S3Response): Promise<void> {
    return postObject(bucket, answer, this.#forms, (object) => this.#tell(bucket, object, 'Post', answer));
  }

  async serve(bucket: BucketFolder, key: string, query: URLSearchParams, answer: S3Response): Promise<void> {
    const { method = 'GET' } = answer.request;
    const isOfUpload = query.has('uploadId');
    if ((method === 'GET' || method === 'HEAD') && !isOfUpload && !query.has('partNumber'))
      return this.#read(bucket, key, query, answer);
    if (method === 'PUT' && isOfUpload) return this.#putPart(bucket, key, query, answer);
    if (method === 'PUT') return this.#put(bucket, key, answer);
    if (method === 'POST' && query.has('uploads')) return this.#createUpload(bucket, key, answer);
    if (method === 'POST' && isOfUpload) return this.#completeUpload(bucket, key, query, answer);
    if (method === 'DELETE' && isOfUpload) {
      await this.#uploads.abort(bucket, key, query);
      answer.empty(204);
    } else if (method === 'DELETE') {
      await this.#delete(bucket, key, query, answer);
    } else {
      throw notImplemented(`${method} of an object${isOfUpload ? ' with ?uploadId' : ''}`);
    }
  }

  async #read(bucket: BucketFolder, key: string, query: URLSearchParams, answer: S3Response): Promise<void> {
    const { request, response } = answer;
    const found = await bucket.read(key);
    if (!found) throw noSuchKey(key);
    const { object, file } = found;
    try {
      checkVersion(query, object);
      const headers = {
        ...headersToGive(object.headers, query),
        ...versionHeaders(object),
        'last-modified': object.lastModified.toUTCString(),
        'accept-ranges': 'bytes',
      };
      if (isNotModified(request.headers, object)) {
        answer.empty(304, headers);
        return;
      }
      const range = readRange(request.headers.range, object.size);
      const { first, last } = range ?? { first: 0, last: object.size - 1 };
      answer.head(range ? 206 : 200, {
        ...headers,
        'content-length': last - first + 1,
        ...(range ? { 'content-range': `bytes ${first}-${last}/${object.size}` } : {}),
      });
      if (request.method === 'HEAD' || last < first) response.end();
      else await pipeline(file.createReadStream({ start: first, end: last, autoClose: false }), response);
    } finally {
      await file.close();
    }
  }

  async #put(bucket: BucketFolder, key: string, answer: S3Response): Promise<void> {
    const { request } = answer;
    namesToWrite(key);
    if (request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('CopyObject');
    // Checked before the upload to avoid a useless one, and again when the file is replaced.
    checkWrite(request.headers, key, await bucket.find(key));
    await bucket.ensure();
    const path = bucket.temporaryPath();
    try {
      const received = await receiveBody(request, path);
      const object = await bucket.store(key, path, received, headersToKeep(request.headers), (present) =>
        checkWrite(request.headers, key, present),
      );
      this.#tell(bucket, object, 'Put', answer);
      answer.empty(200, { ...versionHeaders(object), ...received.verified });
    } finally {
      await rm(path, { force: true });
    }
  }

  async #delete(
    bucket: BucketFolder,
    key: string,
    query: URLSearchParams,
    answer: S3Response,
  ): Promise<void> {
    const removed = await bucket.remove(key, (present) => {
      if (present) checkVersion(query, present);
      checkWrite(answer.request.headers, key, present);
    });
    answer.empty(204, removed ? { 'x-amz-version-id': removed.versionId } : {});
  }

  async #createUpload(bucket: BucketFolder, key: string, answer: S3Response): Promise<void> {
    const uploadId = await this.#uploads.create(bucket, key, headersToKeep(answer.request.headers));
    const content = { Bucket: bucket.bucketName, Key: key, UploadId: uploadId };
    answer.xml(xmlDocument('InitiateMultipartUploadResult', content));
  }

  async #putPart(
    bucket: BucketFolder,
    key: string,
    query: URLSearchParams,
    answer: S3Response,
  ): Promise<void> {
    if (answer.request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('UploadPartCopy');
    const { eTag, verified } = await this.#uploads.putPart(bucket, key, query, answer.request);
    answer.empty(200, { etag: `"${eTag}"`, ...verified });
  }

  async #completeUpload(
    bucket: BucketFolder,
    key: string,
    query: URLSearchParams,
    answer: S3Response,
  ): Promise<void> {
    const object = await this.#uploads.complete(bucket, key, query, answer.request);
    this.#tell(bucket, object, 'CompleteMultipartUpload', answer);
    const { bucketName } = bucket;
    const content = {
      Location: `http://${answer.request.headers.host}/${bucketName}/${encodeURIComponent(key)}`,
      Bucket: bucketName,
      Key: key,
      ETag: `"${object.eTag}"`,
    };
    answer.xml(xmlDocument('CompleteMultipartUploadResult', content), 200, {
      'x-amz-version-id': object.versionId,
    });
  }

  #tell(bucket: BucketFolder, object: StoredObject, how: Created['how'], answer: S3Response): void {
    const sourceIpAddress = answer.request.socket.remoteAddress ?? '127.0.0.1';
    this.#onCreated({ bucket, object, how, ids: answer.ids, sourceIpAddress });
  }
}

/** @throws {S3Error} if the request is for another version than the current one */
function checkVersion(query: URLSearchParams, object: StoredObject): void {
  const versionId = query.get('versionId');
  if (versionId === null || versionId === object.versionId) return;
  throw new S3Error(
    404,
    'NoSuchVersion',
    'The specified version does not exist. A folder keeps only the newest version.',
    { Key: object.key, VersionId: versionId },
  );
}
