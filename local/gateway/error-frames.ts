/**
 * The text frames in which API Gateway reports errors to a client, byte for byte as captured. The spaces differ on
 * purpose.
 */
export const FORBIDDEN = 'Forbidden';
export const INTERNAL_SERVER_ERROR = 'Internal server error';
export const BAD_REQUEST_BODY = 'Bad request body';
export const TOO_MANY_REQUESTS = 'Too Many Requests';
export const ENDPOINT_TIMED_OUT = 'Endpoint request timed out';

export function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}

/** For a message that does not conform to its model: has other spaces, and the message's id ("Request validation"). */
export function badRequestBodyFrame(connectionId: string, messageId: string): string {
  return `{"message" : "${BAD_REQUEST_BODY}", "connectionId": "${connectionId}", "messageId": "${messageId}"}`;
}
