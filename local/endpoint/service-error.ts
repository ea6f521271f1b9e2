import type { ServerResponse } from 'node:http';

/** An error in the form of AWS's JSON services: the code is in the header and the body, so that every SDK finds it. */
export function answerServiceError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  const body = JSON.stringify({ __type: code, message });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-errortype': code,
  });
  response.end(body);
}
