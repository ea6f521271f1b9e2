/** The responses that refuse a handshake or a plain request to an API. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock';
import { endWith } from '../last-answer';
import { URL_TOO_LONG_STATUS } from './assumptions';
import type { Ids } from './ids';

export interface Refusal {
  status: number;
  /** Sent as `{"message": …}`. Without it, the body is empty, as for a status that a function returned. */
  message?: string;
  /** IAM's refusals use `Message`. @default message */
  messageKey?: 'Message';
  /** The header `x-amzn-ErrorType`. */
  errorType?: string;
  headers?: Record<string, string>;
}

export const FORBIDDEN: Refusal = { status: 403, message: 'Forbidden', errorType: 'ForbiddenException' };
export const UNAUTHORIZED: Refusal = {
  status: 401,
  message: 'Unauthorized',
  errorType: 'UnauthorizedException',
};
export const BAD_HANDSHAKE: Refusal = {
  status: 400,
  message: 'Bad Request',
  errorType: 'BadRequestException',
};
export const UPGRADE_REQUIRED: Refusal = {
  status: 426,
  message: 'Upgrade Required',
  headers: { Upgrade: 'websocket' },
};
/** Names the supported version (RFC 6455, 4.4). */
export const OTHER_VERSION: Refusal = {
  ...UPGRADE_REQUIRED,
  headers: { ...UPGRADE_REQUIRED.headers, 'Sec-WebSocket-Version': '13' },
};
export const URL_TOO_LONG: Refusal = { status: URL_TOO_LONG_STATUS, message: 'URI Too Long' };
export const INTERNAL_ERROR: Refusal = {
  status: 500,
  message: 'Internal server error',
  errorType: 'InternalServerErrorException',
};
export const BAD_GATEWAY: Refusal = { ...INTERNAL_ERROR, status: 502 };
export const GATEWAY_TIMEOUT: Refusal = {
  status: 504,
  message: 'Endpoint request timed out',
  errorType: 'InternalServerErrorException',
};
export const TOO_MANY_REQUESTS: Refusal = {
  status: 429,
  message: 'Too Many Requests',
  errorType: 'TooManyRequestsException',
};
/** For a usage plan, as REST APIs answer. */
export const QUOTA_EXCEEDED: Refusal = {
  status: 429,
  message: 'Limit Exceeded',
  errorType: 'LimitExceededException',
};
export const SHUTTING_DOWN: Refusal = { status: 503, message: 'Service Unavailable' };

export class Refusals {
  readonly #ids: Ids;
  readonly #clock: Clock;

  constructor(ids: Ids, clock: Clock) {
    this.#ids = ids;
    this.#clock = clock;
  }

  /** Answers a handshake and closes its socket. */
  refuseUpgrade(socket: Duplex, refusal: Refusal): void {
    const head = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`];
    const upgrade = refusal.headers?.Upgrade ? 'Upgrade, close' : 'close';
    const headers = { ...this.#headers(refusal), Connection: upgrade };
    for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`);
    endWith(socket, `${head.join('\r\n')}\r\n\r\n${bodyOf(refusal)}`, this.#clock);
  }

  refuseRequest(response: ServerResponse, refusal: Refusal): void {
    const headers = this.#headers(refusal);
    if (refusal.headers?.Upgrade) headers.Connection = 'Upgrade';
    response.writeHead(refusal.status, headers).end(bodyOf(refusal));
  }

  #headers(refusal: Refusal): Record<string, string> {
    const body = bodyOf(refusal);
    return {
      Date: new Date(this.#clock.now()).toUTCString(),
      ...(body && { 'Content-Type': 'application/json' }),
      'Content-Length': String(Buffer.byteLength(body)),
      'x-amzn-RequestId': this.#ids.awsRequestId(),
      ...(refusal.errorType && { 'x-amzn-ErrorType': refusal.errorType }),
      'x-amz-apigw-id': this.#ids.requestId(),
      ...refusal.headers,
    };
  }
}

export function bodyOf({ message, messageKey }: Refusal): string {
  return message === undefined ? '' : JSON.stringify({ [messageKey ?? 'message']: message });
}
