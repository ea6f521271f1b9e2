/** Conditional requests, as S3 implements RFC 9110, section 13. */
import type { IncomingHttpHeaders } from 'node:http';
import type { StoredObject } from './bucket-folder';
import { noSuchKey, notImplemented, preconditionFailed } from './s3-error';

/**
 * Whether the client already has this version, so the response is 304.
 * @throws {S3Error} 412, if it requires another version
 */
export function isNotModified(headers: IncomingHttpHeaders, object: StoredObject): boolean {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  const modified = Math.floor(object.lastModified.getTime() / 1000);
  const since = (header: string | undefined) => Date.parse(header ?? '') / 1000;
  if (match !== undefined) {
    if (!names(match, object)) throw preconditionFailed('If-Match');
  } else if (modified > since(headers['if-unmodified-since'])) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  return noneMatch === undefined ? modified <= since(headers['if-modified-since']) : names(noneMatch, object);
}

/** @throws {S3Error} if the existing object is not the one that the client wants to overwrite or delete */
export function checkWrite(
  headers: IncomingHttpHeaders,
  key: string,
  present: StoredObject | undefined,
): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch !== undefined && noneMatch !== '*')
    throw notImplemented('A write with If-None-Match other than *');
  if (noneMatch === '*' && present) throw preconditionFailed('If-None-Match');
  if (match === undefined) return;
  if (!present) throw noSuchKey(key);
  if (!names(match, present)) throw preconditionFailed('If-Match');
}

function names(list: string, { eTag }: StoredObject): boolean {
  return list.split(',').some((one) => {
    const tag = one.trim();
    return tag === '*' || tag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') === eTag;
  });
}
