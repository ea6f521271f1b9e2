/**
 * The codes of Centrifuge's protocol.
 * Source: https://centrifugal.dev/docs/server/codes.
 */
import { ClientError } from '../messages/client-error';

/** An answer to a command that failed. Throw it in a hook to refuse a command with a code of the protocol, or with your own from 400 to 1999. */
export class RealtimeError extends ClientError {
  constructor(
    /** For the client's program. */
    readonly errorCode: number,
    message: string,
    /** Whether the client may try again. */
    readonly temporary = false,
  ) {
    super(String(errorCode), message);
  }
}

/** Throw it in a hook to close the connection. The client reconnects, unless the code is from 3500 to 3999 or from 4500 to 4999. */
export class Disconnection extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super(`${code} ${reason}`);
    this.name = new.target.name;
  }
}

export const errors = {
  internal: () => new RealtimeError(100, 'internal server error', true),
  unauthorized: () => new RealtimeError(101, 'unauthorized'),
  unknownChannel: () => new RealtimeError(102, 'unknown channel'),
  permissionDenied: () => new RealtimeError(103, 'permission denied'),
  methodNotFound: () => new RealtimeError(104, 'method not found'),
  limitExceeded: (what: string) => new RealtimeError(106, `limit exceeded: ${what}`),
  badRequest: (why: string) => new RealtimeError(107, `bad request: ${why}`),
  notAvailable: (what: string) => new RealtimeError(108, `not available: ${what}`),
  tokenExpired: () => new RealtimeError(109, 'token expired'),
  tooManyRequests: () => new RealtimeError(111, 'too many requests', true),
  unrecoverablePosition: () => new RealtimeError(112, 'unrecoverable position'),
  conflict: (what: string) => new RealtimeError(113, `conflict: ${what}`, true),
};

export const disconnections = {
  serverError: () => new Disconnection(3004, 'internal server error'),
  expired: () => new Disconnection(3005, 'connection expired'),
  forceReconnect: () => new Disconnection(3011, 'force reconnect'),
  tooManyRequests: () => new Disconnection(3013, 'too many requests'),
  invalidToken: () => new Disconnection(3500, 'invalid token'),
  badRequest: (why: string) => new Disconnection(3501, `bad request: ${why}`),
  forceNoReconnect: () => new Disconnection(3503, 'force disconnect'),
  channelLimit: () => new Disconnection(3505, 'channel limit'),
  notAvailable: (what: string) => new Disconnection(3508, `not available: ${what}`),
};

/** Of unsubscriptions that the server makes. From 2500 on, the client subscribes again. */
export const UNSUBSCRIBED = {
  byServer: { code: 2000, reason: 'server unsubscribe' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
};

/** What a client is answered. `undefined` for an error that is not for clients. */
export function replyError(
  error: unknown,
): { code: number; message: string; temporary?: boolean } | undefined {
  if (error instanceof RealtimeError) {
    const { errorCode: code, message, temporary } = error;
    return { code, message, ...(temporary && { temporary }) };
  }
  if (!(error instanceof ClientError)) return undefined;
  return { code: CODES[error.code] ?? OTHER_CODE, message: `${error.code}: ${error.message}` };
}

/** The library's own refusals. */
const CODES: Record<string, number> = {
  Forbidden: 103,
  InvalidChannel: 107,
  TooManyChannels: 106,
};
/** The first code that the protocol leaves to applications. */
const OTHER_CODE = 400;
