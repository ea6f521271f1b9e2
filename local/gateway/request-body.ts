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

/**
 * Returns `'tooLarge'` for a body above `maxBytes`, of which it reads only a limited part; `undefined` if the client
 * has disconnected.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | 'tooLarge' | undefined> {
  const known = kept.get(request);
  if (known) return Promise.resolve(known === 'tooLarge' || known.length > maxBytes ? 'tooLarge' : known);
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (bytes > maxBytes + MAX_DISCARDED_BYTES) resolve('tooLarge');
    });
    request.on('end', () => {
      if (bytes > maxBytes) resolve('tooLarge');
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('close', () => resolve(undefined));
    request.on('error', () => resolve(undefined));
  });
}
