/**
 * Signature Version 4 for requests to API Gateway (`execute-api`), in the Authorization header. The signing key costs
 * more than the rest, and is cached for the day that it is valid.
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
  credentials: Credentials;
  key: Buffer;
}

export class Signer {
  #kept: SigningKey | undefined;

  constructor(readonly region: string) {}

  /** The headers to send, including the signature. `time` is in milliseconds since the epoch. */
  headers(request: UnsignedRequest, credentials: Credentials, time: number): Record<string, string> {
    const timestamp = basicFormat(time);
    const day = timestamp.slice(0, 8);
    // Signed headers are in alphabetical order.
    const headers: Record<string, string> = {};
    if (request.contentType !== undefined) headers['content-type'] = request.contentType;
    headers.host = request.host;
    headers['x-amz-content-sha256'] = request.sha256;
    headers['x-amz-date'] = timestamp;
    if (credentials.sessionToken) headers['x-amz-security-token'] = credentials.sessionToken;

    let lines = '';
    let names = '';
    for (const name in headers) {
      lines += `${name}:${headers[name]}\n`;
      names += names === '' ? name : `;${name}`;
    }
    const canonical = `${request.method}\n${encodedAgain(request.path)}\n\n${lines}\n${names}\n${request.sha256}`;
    const scope = `${day}/${this.region}/${SERVICE}/aws4_request`;
    const toSign = `${ALGORITHM}\n${timestamp}\n${scope}\n${sha256(canonical)}`;
    const signature = createHmac('sha256', this.#key(day, credentials)).update(toSign).digest('hex');
    headers.authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return headers;
  }

  #key(day: string, credentials: Credentials): Buffer {
    const { secretAccessKey } = credentials;
    if (this.#kept?.day === day && this.#kept.credentials.secretAccessKey === secretAccessKey) {
      return this.#kept.key;
    }
    const key = [day, this.region, SERVICE, 'aws4_request'].reduce<Buffer | string>(
      (above, part) => createHmac('sha256', above).update(part).digest(),
      `AWS4${secretAccessKey}`,
    ) as Buffer;
    this.#kept = { day, credentials, key };
    return key;
  }
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
  return percentEncoded(path).replaceAll('%2F', '/');
}

/** `20260131T101500Z` */
function basicFormat(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
