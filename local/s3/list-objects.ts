/** ListObjectsV2. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */

import { type XmlElement, xmlDocument } from '../endpoint/xml';
import type { BucketFolder } from './bucket-folder';
import { encodeKey } from './object-key';
import { invalidArgument } from './s3-error';

/** The most keys of a response. */
const MAX_KEYS = 1000;

interface ListRequest {
  prefix: string;
  delimiter: string;
  maxKeys: number;
  after: string;
  encode: (text: string) => string;
}

interface Page {
  keys: string[];
  commonPrefixes: string[];
  /** The last key of the page, if there are more. */
  last?: string;
}

/** @throws {S3Error} if S3 would refuse a parameter */
export async function listObjects(bucket: BucketFolder, query: URLSearchParams): Promise<string> {
  const request = readRequest(query);
  const page = pageOf(await bucket.keys(), request);
  const contents: XmlElement[] = [];
  for (const key of page.keys) {
    const object = await bucket.find(key);
    // It may have been deleted since the folder was read.
    if (!object) continue;
    contents.push({
      Key: request.encode(key),
      LastModified: object.lastModified.toISOString(),
      ETag: `"${object.eTag}"`,
      Size: object.size,
      StorageClass: 'STANDARD',
    });
  }
  const given = (name: string) => query.get(name) ?? undefined;
  const startAfter = given('start-after');
  return xmlDocument('ListBucketResult', {
    Name: bucket.bucketName,
    Prefix: request.encode(request.prefix),
    Delimiter: request.delimiter === '' ? undefined : request.encode(request.delimiter),
    MaxKeys: request.maxKeys,
    EncodingType: given('encoding-type'),
    KeyCount: contents.length + page.commonPrefixes.length,
    IsTruncated: page.last !== undefined,
    ContinuationToken: given('continuation-token'),
    NextContinuationToken: page.last === undefined ? undefined : tokenFor(page.last),
    StartAfter: startAfter === undefined ? undefined : request.encode(startAfter),
    Contents: contents,
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: request.encode(prefix) })),
  });
}

function readRequest(query: URLSearchParams): ListRequest {
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== 'url')
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request');
  const maxKeys = query.get('max-keys') ?? String(MAX_KEYS);
  if (!/^\d{1,10}$/.test(maxKeys))
    throw invalidArgument('max-keys', maxKeys, 'Provided max-keys not an integer or within integer range');
  const token = query.get('continuation-token');
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(Number(maxKeys), MAX_KEYS),
    after: token === null ? (query.get('start-after') ?? '') : keyOf(token),
    encode: encoding === 'url' ? encodeKey : (text) => text,
  };
}

/** Keys up to a delimiter after the prefix are grouped, and each group counts once. */
function pageOf(sortedKeys: string[], { prefix, delimiter, maxKeys, after }: ListRequest): Page {
  const page: Page = { keys: [], commonPrefixes: [] };
  let last = '';
  for (const key of sortedKeys) {
    if (!key.startsWith(prefix) || !isAfter(key, after)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    const isRolledUp = common !== undefined && common === page.commonPrefixes.at(-1);
    if (!isRolledUp) {
      if (page.keys.length + page.commonPrefixes.length >= maxKeys) {
        // S3 reports an empty page as complete for max-keys=0.
        return maxKeys === 0 ? page : { ...page, last };
      }
      if (common === undefined) page.keys.push(key);
      else page.commonPrefixes.push(common);
    }
    last = key;
  }
  return page;
}

function isAfter(key: string, after: string): boolean {
  return after === '' || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
}

/** The continuation token, which is opaque to clients. */
function tokenFor(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64url');
}

function keyOf(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith('after:') && tokenFor(text.slice('after:'.length)) === token)
    return text.slice('after:'.length);
  throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
}
