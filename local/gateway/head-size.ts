/** The limit of a request's head: its request line with all of its headers. */
import type { IncomingMessage } from 'node:http';
import { HEAD_TOO_LARGE_MESSAGE, HEAD_TOO_LARGE_STATUS } from './assumptions';
import { MAX_HEAD_BYTES } from './quotas';
import type { Refusal } from './refusal';

export const HEAD_TOO_LARGE: Refusal = { status: HEAD_TOO_LARGE_STATUS, message: HEAD_TOO_LARGE_MESSAGE };

/** A blank and a line end twice over, and `HTTP/1.1`. */
const REQUEST_LINE_BYTES = 12;
/** A colon, a blank and a line end. */
const HEADER_LINE_BYTES = 4;

export function hasTooLargeHead({ method = '', url = '', rawHeaders }: IncomingMessage): boolean {
  let bytes = method.length + url.length + REQUEST_LINE_BYTES + rawHeaders.length * (HEADER_LINE_BYTES / 2);
  for (const text of rawHeaders) bytes += text.length;
  return bytes > MAX_HEAD_BYTES;
}
