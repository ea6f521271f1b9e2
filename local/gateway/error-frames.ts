/** The text frames with which API Gateway reports errors to a client, byte for byte as captured. Mind the spaces. */
export const FORBIDDEN = 'Forbidden';
export const INTERNAL_SERVER_ERROR = 'Internal server error';
export const BAD_REQUEST_BODY = 'Bad request body';
export const TOO_MANY_REQUESTS = 'Too Many Requests';
export const ENDPOINT_TIMED_OUT = 'Endpoint request timed out';

export function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}

/** Of a message that does not conform to its model: other spaces, and the id of the message ("Request validation"). */
export function badRequestBodyFrame(connectionId: string, messageId: string): string {
  return `{"message" : "${BAD_REQUEST_BODY}", "connectionId": "${connectionId}", "messageId": "${messageId}"}`;
}
