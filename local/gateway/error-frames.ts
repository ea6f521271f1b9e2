/** The text frames with which API Gateway reports errors to a client, byte for byte as captured. Mind the spaces. */
export const FORBIDDEN = 'Forbidden';
export const INTERNAL_SERVER_ERROR = 'Internal server error';
export const ENDPOINT_TIMED_OUT = 'Endpoint request timed out';

export function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
