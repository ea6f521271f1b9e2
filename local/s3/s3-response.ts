/** S3's responses, with request ids, and errors as XML. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { xmlDocument } from '../endpoint/xml';
import type { StoredObject } from './bucket-folder';
import type { S3Error } from './s3-error';

export interface RequestIds {
  requestId: string;
  /** `x-amz-id-2`. */
  hostId: string;
}

export function newRequestIds(): RequestIds {
  return {
    requestId: randomBytes(8).toString('hex').toUpperCase(),
    hostId: randomBytes(48).toString('base64'),
  };
}

export class S3Response {
  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly ids: RequestIds,
  ) {}

  head(status: number, headers: Record<string, string | number> = {}): void {
    this.response.writeHead(status, {
      server: 'AmazonS3',
      'x-amz-request-id': this.ids.requestId,
      'x-amz-id-2': this.ids.hostId,
      // Files in the bucket must not run as pages of this origin.
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
  }

  empty(status: number, headers: Record<string, string | number> = {}): void {
    // A response that may have a body must declare length 0.
    const length = status === 204 || status === 304 ? {} : { 'content-length': 0 };
    this.head(status, { ...length, ...headers });
    this.response.end();
  }

  xml(body: string, status = 200, headers: Record<string, string | number> = {}): void {
    this.head(status, {
      'content-type': 'application/xml',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  error({ status, code, message, details }: S3Error): void {
    if (this.response.headersSent || this.response.destroyed) {
      this.response.destroy();
      return;
    }
    const body = xmlDocument(
      'Error',
      { Code: code, Message: message, ...details, RequestId: this.ids.requestId, HostId: this.ids.hostId },
      '',
    );
    this.xml(body, status);
    // Reads the rest of the request, so that the client reads the response.
    this.request.resume();
  }
}

/** Headers that identify the version of an object. */
export function versionHeaders({ eTag, versionId }: StoredObject): Record<string, string> {
  return { etag: `"${eTag}"`, 'x-amz-version-id': versionId };
}
