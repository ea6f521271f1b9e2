/**
 * The canonical form of a request, and its signature.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import crypto, { createHash, createHmac } from 'node:crypto';
import { percentDecoded } from '../percent-decoded';
import { ALGORITHM, type RequestHead } from './signed-request';

export interface Scope {
  /** `20260131` */
  day: string;
  region: string;
  service: string;
}

export interface CanonicalOptions {
  service: string;
  signedHeaders: readonly string[];
  /** The hexadecimal hash of the body, or a value such as `UNSIGNED-PAYLOAD`. */
  payloadHash: string;
}

export function canonicalRequest(
  { method = 'GET', url = '/', rawHeaders }: RequestHead,
  { service, signedHeaders, payloadHash }: CanonicalOptions,
): string {
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  const names = rawHeaders.map((one, at) => (at % 2 === 0 ? one.toLowerCase() : ''));
  let headers = '';
  for (const name of signedHeaders) headers += `${name}:${valuesOf(name, names, rawHeaders)}\n`;
  const canonicalPath = service === 's3' ? encodedOnce(path) : path === '/' ? path : encodedAgain(path);
  return `${method}\n${canonicalPath}\n${canonicalQuery(query)}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`;
}

/** Repeated headers count as one header with all values. */
function valuesOf(name: string, names: readonly string[], rawHeaders: readonly string[]): string {
  let values: string | undefined;
  for (let at = names.indexOf(name); at >= 0; at = names.indexOf(name, at + 2)) {
    const value = trimmed(rawHeaders[at + 1] ?? '');
    values = values === undefined ? value : `${values},${value}`;
  }
  return values ?? '';
}

export function stringToSign(timestamp: string, { day, region, service }: Scope, canonical: string): string {
  return `${ALGORITHM}\n${timestamp}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical)}`;
}

export function signingKey(secretAccessKey: string, { day, region, service }: Scope): Buffer {
  let key: Buffer | string = `AWS4${secretAccessKey}`;
  for (const part of [day, region, service, 'aws4_request']) {
    key = createHmac('sha256', key).update(part).digest();
  }
  return key as Buffer;
}

export function signatureOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Node.js 20.12 and later can hash a short text in one call, in half the time. */
const hashAtOnce: ((algorithm: string, data: string | Uint8Array) => string) | undefined = (
  crypto as { hash?: (algorithm: string, data: string | Uint8Array) => string }
).hash;

export function sha256(data: string | Uint8Array): string {
  return hashAtOnce?.('sha256', data) ?? createHash('sha256').update(data).digest('hex');
}

/** RFC 3986's percent-encoding, which encodes more characters than JavaScript does. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** S3 signs the key encoded once, however the client encoded it. */
function encodedOnce(path: string): string {
  return path
    .split('/')
    .map((segment) => percentEncoded(decoded(segment)))
    .join('/');
}

/** All other services sign the normalized path, encoded once more than it is sent. */
function encodedAgain(path: string): string {
  if (/^(?:\/[A-Za-z0-9_~-]+)*\/?$/.test(path)) return path === '' ? '/' : path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(percentEncoded(segment));
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${end}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [name, value].map((text) => percentEncoded(decoded(text.replaceAll('+', ' ')))) as [
        string,
        string,
      ];
    })
    .filter(([name]) => name !== 'X-Amz-Signature')
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function decoded(text: string): string {
  return percentDecoded(text) ?? text;
}

/** Avoids a regular expression, whose time would be quadratic in the number of blanks. */
function trimmed(value: string): string {
  const text = value.trim();
  return text.includes('  ')
    ? text
        .split(' ')
        .filter((word) => word !== '')
        .join(' ')
    : text;
}
