/** Why connections end: the codes that API Gateway documents ("Overview of WebSocket APIs in API Gateway"). */
import { UNRECORDED_REASON } from './assumptions';

export interface CloseCause {
  code: number;
  /** Sent to the client in the close frame, and to `$disconnect`. */
  reason: string;
}

/** `DELETE @connections`. */
export const DELETED: CloseCause = { code: 1000, reason: 'Connection Closed Normally' };
/** Idle for ten minutes, open for two hours, or the gateway shuts down. */
export const GOING_AWAY: CloseCause = { code: 1001, reason: 'Going away' };
export const BINARY_MESSAGE: CloseCause = { code: 1003, reason: UNRECORDED_REASON };
export const TOO_LARGE: CloseCause = { code: 1009, reason: UNRECORDED_REASON };
export const TOO_MANY_MESSAGES: CloseCause = { code: 1008, reason: UNRECORDED_REASON };

const NO_STATUS = 1005;

/** What `$disconnect` gets when the client or the network (1006) ended the connection. */
export function clientCause(code: number, reason: string): CloseCause {
  return code === NO_STATUS ? { code, reason: 'Client-side close frame status not set' } : { code, reason };
}

/** The close code for malformed frames, by the code of the error from `ws` ("WS Error Codes" in its documentation). */
export function violationCause(error: Error & { code?: string }): CloseCause | undefined {
  if (!error.code?.startsWith('WS_ERR_')) return undefined;
  return { code: VIOLATIONS[error.code] ?? 1002, reason: UNRECORDED_REASON };
}

const VIOLATIONS: Record<string, number> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};
