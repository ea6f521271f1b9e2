/**
 * Lets pages use the presigned URLs and forms that they were given, as the CORS rules of the bucket say. A presigned URL is a
 * permission in itself, so pages of other origins may use it, unlike the other services of the runtime.
 * Source: "Using cross-origin resource sharing (CORS)" in the S3 User Guide.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bucket, BucketCorsRule } from '../assembly/model';
import { signedService } from '../endpoint/credential-scope';
import type { RequestHandler } from '../endpoint/request-router';
import { presignedQuery } from '../iam/signed-request';
import type { Log } from '../log';
import { printable } from '../printable';
import { bucketAt, isFormOfBucket } from './bucket-forms';
import { readAddress } from './s3-address';
import { S3Error } from './s3-error';
import { newRequestIds, S3Response } from './s3-response';

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** What a page wants to do: a request, or the request that a preflight announces. */
interface Wish {
  origin: string;
  method: string;
  /** In lower case. */
  headers: string[];
}

export class BucketCors {
  readonly #rules: ReadonlyMap<string, BucketCorsRule[]>;
  readonly #objects: RequestHandler;
  readonly #log: Log;

  /** @param objects the S3 service, which verifies signatures */
  constructor(buckets: Bucket[], objects: RequestHandler, log: Log) {
    this.#rules = new Map(buckets.map(({ bucketName, corsRules = [] }) => [bucketName, corsRules]));
    this.#objects = objects;
    this.#log = log;
  }

  /** Returns `undefined` and does nothing if no page sent the request, or if it has neither a presigned URL nor a form. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const { method = 'GET', url = '', headers } = request;
    const { origin } = headers;
    const isPresigned = presignedQuery(url) !== undefined && signedService(request) === 's3';
    if (origin === undefined || (!isPresigned && !this.#isForm(request))) return undefined;
    const announced = method === 'OPTIONS' ? headers['access-control-request-method'] : undefined;
    if (method === 'OPTIONS' && announced === undefined) return undefined;
    const asked = announced === undefined ? '' : (headers['access-control-request-headers'] ?? '');
    const wish: Wish = {
      origin,
      method: announced ?? method,
      headers: asked
        .toLowerCase()
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    };
    return this.#serve(wish, announced !== undefined, request, response);
  }

  /** A form that is uploaded to one of the buckets, or its preflight. */
  #isForm(request: IncomingMessage): boolean {
    const isPreflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] === 'POST';
    return (isPreflight || isFormOfBucket(request)) && this.#rules.has(bucketAt(request) ?? '');
  }

  async #serve(
    wish: Wish,
    isPreflight: boolean,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const bucketName = bucketOf(request);
    const rules = this.#rules.get(bucketName) ?? [];
    const rule = rules.find((one) => allows(one, wish));
    if (rule) {
      for (const [name, value] of Object.entries(leave(rule, wish, isPreflight)))
        response.setHeader(name, value);
    } else if (request.headers['sec-fetch-mode'] !== 'navigate') {
      // A form that the browser itself submits needs no rule.
      this.#log.warn(
        `CORS of the bucket ${printable(bucketName)} does not let pages of ${printable(wish.origin)} ${printable(wish.method)} objects${wish.headers.length === 0 ? '' : ` with ${printable(wish.headers.join(', '))}`}. ${rules.length === 0 ? 'The bucket has no CORS rules: give it cors in the CDK.' : 'None of its CORS rules matches.'}`,
      );
    }
    if (!isPreflight) return this.#objects.handle(request, response);
    const answer = new S3Response(request, response, newRequestIds());
    if (rule) answer.empty(200);
    else answer.error(refusal(rules.length > 0, wish.method));
  }
}

/** Empty if the path cannot be decoded, which the service refuses. */
function bucketOf({ headers, url = '/' }: IncomingMessage): string {
  try {
    return readAddress(headers.host, url).bucketName ?? '';
  } catch {
    return '';
  }
}

function allows(rule: BucketCorsRule, { origin, method, headers }: Wish): boolean {
  return (
    rule.allowedOrigins.some((pattern) => matches(pattern, origin)) &&
    rule.allowedMethods.includes(method) &&
    headers.every((name) => rule.allowedHeaders.some((pattern) => matches(pattern.toLowerCase(), name)))
  );
}

/** A pattern may have one `*`. */
function matches(pattern: string, text: string): boolean {
  const at = pattern.indexOf('*');
  if (at < 0) return pattern === text;
  const end = pattern.slice(at + 1);
  return text.length >= pattern.length - 1 && text.startsWith(pattern.slice(0, at)) && text.endsWith(end);
}

function leave(
  rule: BucketCorsRule,
  { origin, headers }: Wish,
  isPreflight: boolean,
): Record<string, string> {
  const { allowedMethods, exposedHeaders, maxAgeSeconds } = rule;
  return {
    ...(rule.allowedOrigins.includes('*')
      ? { 'access-control-allow-origin': '*' }
      : { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' }),
    'access-control-allow-methods': allowedMethods.join(', '),
    ...(headers.length > 0 && { 'access-control-allow-headers': headers.join(', ') }),
    ...(exposedHeaders.length > 0 && { 'access-control-expose-headers': exposedHeaders.join(', ') }),
    ...(isPreflight && maxAgeSeconds !== undefined && { 'access-control-max-age': String(maxAgeSeconds) }),
    vary: VARY,
  };
}

function refusal(hasRules: boolean, method: string): S3Error {
  const message = hasRules
    ? "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
    : 'CORSResponse: CORS is not enabled for this bucket.';
  return new S3Error(403, 'AccessForbidden', message, { Method: method, ResourceType: 'OBJECT' });
}
