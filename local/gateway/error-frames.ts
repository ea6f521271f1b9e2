/** The text frames by which API Gateway tells a client of errors, byte for byte as captured from it: mind the spaces. */
export const FORBIDDEN = 'Forbidden';
export const INTERNAL_SERVER_ERROR = 'Internal server error';
export const ENDPOINT_TIMED_OUT = 'Endpoint request timed out';

export function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
