/** Reads the body of a management call. Keeps at most what may be posted. */
import type { IncomingMessage } from 'node:http';
import { MAX_DISCARDED_BYTES } from './assumptions';

/** Bodies that were read before their request reached its handler. */
const kept = new WeakMap<IncomingMessage, Buffer | 'tooLarge'>();

/** `readBody` returns this body for the request. */
export function keepBody(request: IncomingMessage, body: Buffer | 'tooLarge'): void {
  kept.set(request, body);
}

export function keptBody(request: IncomingMessage): Buffer | undefined {
  const body = kept.get(request);
  return body === 'tooLarge' ? undefined : body;
}

/** `'tooLarge'` for a body above the limit, of which only a limited part is read. */
export type RequestBody = Buffer | 'tooLarge';

/** Returns `undefined` if the client has disconnected. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody | undefined> {
  return new Promise((resolve) => {
    onBody(request, maxBytes, resolve);
    request.on('close', () => resolve(undefined));
    request.on('error', () => resolve(undefined));
  });
}

/**
 * Like `readBody`, but without a promise and with as few listeners as possible, which saves a fast service a tenth of
 * its time. Does not call back if the client disconnects.
 */
export function onBody(
  request: IncomingMessage,
  maxBytes: number,
  callBack: (body: RequestBody) => void,
): void {
  const known = kept.get(request);
  if (known) {
    callBack(known === 'tooLarge' || known.length > maxBytes ? 'tooLarge' : known);
    return;
  }
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isRefused = false;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    chunks = [];
    if (isRefused || bytes <= maxBytes + MAX_DISCARDED_BYTES) return;
    isRefused = true;
    callBack('tooLarge');
  });
  request.on('end', () => {
    if (isRefused) return;
    if (bytes > maxBytes) callBack('tooLarge');
    else callBack(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  });
}
