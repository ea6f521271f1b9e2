/**
 * Signature Version 4 for requests to API Gateway (`execute-api`), in the Authorization header. A broadcast signs thousands of
 * requests that differ in nothing but the path, so everything else is kept for the second that it is valid, and the signing key
 * for its day.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'execute-api';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface UnsignedRequest {
  method: string;
  host: string;
  /** As it is sent, percent-encoded. */
  path: string;
  /** Undefined for a request without a body. */
  contentType: string | undefined;
  /** Of the body. */
  sha256: string;
}

interface SigningKey {
  day: string;
  secretAccessKey: string;
  key: Buffer;
}

/** What the next request is likely to have in common with the last one: everything but its path. */
interface Kept {
  request: UnsignedRequest;
  credentials: Credentials;
  second: number;
  headers: Record<string, string>;
  /** The canonical request after the path. */
  canonicalEnd: string;
  /** The text that is signed, before the hash of the canonical request. */
  toSignStart: string;
  /** The Authorization header, before the signature. */
  authorizationStart: string;
  key: Buffer;
}

export class Signer {
  #kept: Kept | undefined;
  #signingKey: SigningKey | undefined;

  constructor(readonly region: string) {}

  /** The headers to send, including the signature. `time` is in milliseconds since the epoch. */
  headers(request: UnsignedRequest, credentials: Credentials, time: number): Record<string, string> {
    const second = Math.floor(time / 1_000);
    if (!this.#kept || !fits(this.#kept, request, credentials, second)) {
      this.#kept = this.#common(request, credentials, second);
    }
    const { headers, canonicalEnd, toSignStart, authorizationStart, key } = this.#kept;
    const canonical = `${request.method}\n${encodedAgain(request.path)}${canonicalEnd}`;
    const signature = createHmac('sha256', key)
      .update(toSignStart + sha256(canonical))
      .digest('hex');
    return { ...headers, authorization: authorizationStart + signature };
  }

  #common(request: UnsignedRequest, credentials: Credentials, second: number): Kept {
    const timestamp = basicFormat(second);
    const day = timestamp.slice(0, 8);
    // Signed headers are in alphabetical order.
    const headers: Record<string, string> = {};
    if (request.contentType !== undefined) headers['content-type'] = request.contentType;
    headers.host = request.host;
    headers['x-amz-content-sha256'] = request.sha256;
    headers['x-amz-date'] = timestamp;
    if (credentials.sessionToken) headers['x-amz-security-token'] = credentials.sessionToken;

    const names = Object.keys(headers).join(';');
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const scope = `${day}/${this.region}/${SERVICE}/aws4_request`;
    return {
      ...{ request, credentials, second, headers },
      canonicalEnd: `\n\n${lines.join('')}\n${names}\n${request.sha256}`,
      toSignStart: `${ALGORITHM}\n${timestamp}\n${scope}\n`,
      authorizationStart: `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=`,
      key: this.#key(day, credentials),
    };
  }

  #key(day: string, { secretAccessKey }: Credentials): Buffer {
    const known = this.#signingKey;
    if (known?.day === day && known.secretAccessKey === secretAccessKey) return known.key;
    const key = [day, this.region, SERVICE, 'aws4_request'].reduce<Buffer | string>(
      (above, part) => createHmac('sha256', above).update(part).digest(),
      `AWS4${secretAccessKey}`,
    ) as Buffer;
    this.#signingKey = { day, secretAccessKey, key };
    return key;
  }
}

function fits(kept: Kept, request: UnsignedRequest, credentials: Credentials, second: number): boolean {
  return (
    kept.second === second &&
    kept.request.sha256 === request.sha256 &&
    kept.request.host === request.host &&
    kept.request.contentType === request.contentType &&
    kept.credentials.accessKeyId === credentials.accessKeyId &&
    kept.credentials.secretAccessKey === credentials.secretAccessKey &&
    kept.credentials.sessionToken === credentials.sessionToken
  );
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Percent-encoding of RFC 3986, which escapes more characters than JavaScript does. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Every service except S3 signs the path encoded once more than it is sent. */
function encodedAgain(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~/]+/g, percentEncoded);
}

/** `20260131T101500Z` */
function basicFormat(second: number): string {
  return `${new Date(second * 1_000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
