/** Reads the Signature Version 4 of a request, from its Authorization header or from the query of a presigned URL. */
import type { IncomingMessage } from 'node:http';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

export interface SignatureParts {
  accessKeyId: string;
  /** `20260131` */
  day: string;
  region: string;
  service: string;
  /** In lower case, in the order of the request. */
  signedHeaders: string[];
  signature: string;
  /** `20260131T101500Z` */
  timestamp: string;
  sessionToken?: string;
  /** Of a presigned URL. */
  expiresSeconds?: number;
}

/** Undefined if the request is not signed; `'incomplete'` if its signature cannot be parsed. */
export function readSignature({ url = '', headers }: RequestHead): SignatureParts | 'incomplete' | undefined {
  const { authorization } = headers;
  if (authorization?.startsWith(ALGORITHM)) {
    return partsOf({
      credential: fieldOf(authorization, 'Credential='),
      signedHeaders: fieldOf(authorization, 'SignedHeaders='),
      signature: fieldOf(authorization, 'Signature='),
      timestamp: timestampOf(headers),
      sessionToken: single(headers['x-amz-security-token']),
    });
  }
  const query = presignedQuery(url);
  if (!query) return undefined;
  const expires = query.get('X-Amz-Expires');
  return partsOf({
    credential: query.get('X-Amz-Credential'),
    signedHeaders: query.get('X-Amz-SignedHeaders'),
    signature: query.get('X-Amz-Signature'),
    timestamp: query.get('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token'),
    ...(expires !== null && { expires }),
  });
}

/** From the fields of an upload form to S3, by their names in lower case. */
export function readFormSignature(fields: ReadonlyMap<string, string>): SignatureParts | 'incomplete' {
  if (fields.get('x-amz-algorithm') !== ALGORITHM) return 'incomplete';
  return partsOf({
    credential: fields.get('x-amz-credential'),
    // The signature covers the policy, so that no header is signed; the form goes to the host of its bucket.
    signedHeaders: 'host',
    signature: fields.get('x-amz-signature'),
    timestamp: fields.get('x-amz-date'),
    sessionToken: fields.get('x-amz-security-token'),
  });
}

/** Of a presigned URL. */
export function presignedQuery(url: string): URLSearchParams | undefined {
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('X-Amz-Algorithm')) return undefined;
  const query = new URLSearchParams(url.slice(at + 1));
  return query.get('X-Amz-Algorithm') === ALGORITHM ? query : undefined;
}

/** `20260131T101500Z` */
export function basicFormat(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Milliseconds since the epoch; undefined if the text has another form. */
export function fromBasicFormat(timestamp: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? [];
  if (parts.length === 0) return undefined;
  const [year = 0, month = 1, day, hours, minutes, seconds] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hours, minutes, seconds);
}

/** The text between a field's name and the next comma. */
function fieldOf(authorization: string, name: string): string | undefined {
  const at = authorization.indexOf(name);
  if (at < 0) return undefined;
  const end = authorization.indexOf(',', at);
  return authorization.slice(at + name.length, end < 0 ? undefined : end).trim();
}

interface GivenParts {
  credential: string | null | undefined;
  signedHeaders: string | null | undefined;
  signature: string | null | undefined;
  timestamp: string | null | undefined;
  sessionToken: string | null | undefined;
  expires?: string;
}

function partsOf(given: GivenParts): SignatureParts | 'incomplete' {
  const { credential, signedHeaders, signature, timestamp, sessionToken, expires } = given;
  const scope = (credential ?? '').split('/');
  const [day = '', region = '', service = '', terminator] = scope.slice(-4);
  const accessKeyId = scope.slice(0, -4).join('/');
  if (terminator !== 'aws4_request' || accessKeyId === '' || !signedHeaders || !timestamp)
    return 'incomplete';
  if (!signature || !/^[0-9a-f]{64}$/.test(signature)) return 'incomplete';
  if (expires !== undefined && !/^\d{1,7}$/.test(expires)) return 'incomplete';
  return {
    ...{ accessKeyId, day, region, service, signature, timestamp },
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    ...(sessionToken ? { sessionToken } : {}),
    ...(expires !== undefined && { expiresSeconds: Number(expires) }),
  };
}

/** From `X-Amz-Date`, which SDKs send, or else from `Date`. */
function timestampOf(headers: RequestHead['headers']): string | undefined {
  const own = single(headers['x-amz-date']);
  if (own !== undefined) return own;
  const millis = Date.parse(headers.date ?? '');
  return Number.isNaN(millis) ? undefined : basicFormat(millis);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
