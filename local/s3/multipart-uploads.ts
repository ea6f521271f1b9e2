/**
 * Multipart uploads, which the AWS CLI and the SDKs use for files above 8 MB. Parts wait in the system's temporary
 * folder. The object appears in the bucket in one step when the upload is completed.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { xmlElements } from '../endpoint/xml';
import { BodyChecks } from './body-checks';
import type { BucketFolder, StoredObject } from './bucket-folder';
import { namesToWrite } from './object-key';
import { checkWrite } from './preconditions';
import { type ReceivedBody, receiveBody } from './received-body';
import { invalidArgument, S3Error } from './s3-error';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;
/** A list of ten thousand parts with their checksums has about 3 MB. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

interface Upload {
  bucket: BucketFolder;
  key: string;
  headers: Record<string, string>;
  directory: string;
  parts: Map<number, ReceivedBody>;
}

export class MultipartUploads {
  readonly #uploads = new Map<string, Upload>();

  /** Starts an upload and returns its id. */
  async create(bucket: BucketFolder, key: string, headers: Record<string, string>): Promise<string> {
    namesToWrite(key);
    const uploadId = randomBytes(32).toString('base64url');
    const directory = await mkdtemp(join(tmpdir(), 'upload-'));
    this.#uploads.set(uploadId, { bucket, key, headers, directory, parts: new Map() });
    return uploadId;
  }

  /** A part replaces an earlier one with the same number. */
  async putPart(
    bucket: BucketFolder,
    key: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<ReceivedBody> {
    const upload = this.#find(bucket, key, query);
    const text = query.get('partNumber') ?? '';
    const number = Number(text);
    if (!/^\d{1,5}$/.test(text) || number < 1 || number > MAX_PARTS) {
      throw invalidArgument(
        'partNumber',
        text,
        `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
      );
    }
    const received = await receiveBody(
      request,
      join(upload.directory, `${number}-${randomBytes(4).toString('hex')}`),
    );
    const earlier = upload.parts.get(number);
    upload.parts.set(number, received);
    if (earlier) await rm(earlier.path, { force: true });
    return received;
  }

  /** Creates the object from the parts that the request lists. */
  async complete(
    bucket: BucketFolder,
    key: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<StoredObject> {
    const upload = this.#find(bucket, key, query);
    const parts = listedParts(await readText(request), upload);
    await bucket.ensure();
    const path = bucket.temporaryPath();
    try {
      const hashes = await joinParts(parts, path);
      const stored = await bucket.store(key, path, hashes, upload.headers, (present) =>
        checkWrite(request.headers, key, present),
      );
      await this.#discard(query.get('uploadId') ?? '');
      return stored;
    } finally {
      await rm(path, { force: true });
    }
  }

  async abort(bucket: BucketFolder, key: string, query: URLSearchParams): Promise<void> {
    this.#find(bucket, key, query);
    await this.#discard(query.get('uploadId') ?? '');
  }

  /** Drops unfinished uploads. */
  async close(): Promise<void> {
    await Promise.all([...this.#uploads.keys()].map((uploadId) => this.#discard(uploadId)));
  }

  #find(bucket: BucketFolder, key: string, query: URLSearchParams): Upload {
    const upload = this.#uploads.get(query.get('uploadId') ?? '');
    if (upload?.bucket === bucket && upload.key === key) return upload;
    throw new S3Error(
      404,
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    );
  }

  async #discard(uploadId: string): Promise<void> {
    const upload = this.#uploads.get(uploadId);
    this.#uploads.delete(uploadId);
    if (upload) await rm(upload.directory, { recursive: true, force: true });
  }
}

function listedParts(xml: string, { parts }: Upload): ReceivedBody[] {
  const elements = xmlElements(xml, 'Part');
  const listed = elements.slice(0, MAX_PARTS).map((part) => ({
    number: Number(xmlElements(part, 'PartNumber')[0]),
    eTag: (xmlElements(part, 'ETag')[0] ?? '').replace(/&quot;|&#34;|"/g, ''),
  }));
  if (elements.length === 0 || elements.length > MAX_PARTS) {
    throw new S3Error(
      400,
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  }
  if (listed.some(({ number }, index) => number <= (listed[index - 1]?.number ?? 0))) {
    throw new S3Error(
      400,
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
  }
  const found = listed.map(({ number, eTag }) => {
    const part = parts.get(number);
    if (part?.eTag === eTag) return part;
    throw new S3Error(
      400,
      'InvalidPart',
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      { PartNumber: String(number), ETag: eTag },
    );
  });
  if (found.slice(0, -1).some(({ size }) => size < MIN_PART_BYTES)) {
    throw new S3Error(
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      {
        MinSizeAllowed: String(MIN_PART_BYTES),
      },
    );
  }
  return found;
}

/** Joins all parts into one file, and hashes it. */
async function joinParts(parts: ReceivedBody[], path: string) {
  const checks = new BodyChecks({});
  await pipeline(
    async function* content() {
      for (const part of parts) {
        for await (const bytes of createReadStream(part.path)) {
          checks.update(bytes);
          yield bytes;
        }
      }
    },
    createWriteStream(path, { flags: 'wx' }),
  );
  return checks.finish(new Map());
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES)
      throw new S3Error(400, 'MaxMessageLengthExceeded', 'Your request was too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
