/** Receipt handles: opaque texts, different for each receive of a message. */
import { randomBytes } from 'node:crypto';

const HANDLE_BYTES = 24;

export function newHandle(messageId: string): string {
  return Buffer.concat([Buffer.from(messageId), randomBytes(HANDLE_BYTES)]).toString('base64');
}

/** `undefined` for text that is not a receipt handle. */
export function messageIdOf(handle: string): string | undefined {
  const bytes = Buffer.from(handle, 'base64');
  const text = bytes.subarray(0, -HANDLE_BYTES).toString('latin1');
  return bytes.toString('base64') === handle && /^[0-9a-f-]{36}$/.test(text) ? text : undefined;
}
