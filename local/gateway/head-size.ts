/** The limit for a request's head: its request line and all headers. */
import type { IncomingMessage } from 'node:http';
import { HEAD_TOO_LARGE_MESSAGE, HEAD_TOO_LARGE_STATUS } from './assumptions';
import { MAX_HEAD_BYTES } from './quotas';
import type { Refusal } from './refusal';

export const HEAD_TOO_LARGE: Refusal = { status: HEAD_TOO_LARGE_STATUS, message: HEAD_TOO_LARGE_MESSAGE };

/** Two spaces, two line ends, and `HTTP/1.1`. */
const REQUEST_LINE_BYTES = 12;
/** A colon, a space and a line end. */
const HEADER_LINE_BYTES = 4;

export function hasTooLargeHead({ method = '', url = '', rawHeaders }: IncomingMessage): boolean {
  let bytes = method.length + url.length + REQUEST_LINE_BYTES + rawHeaders.length * (HEADER_LINE_BYTES / 2);
  for (const text of rawHeaders) bytes += text.length;
  return bytes > MAX_HEAD_BYTES;
}
