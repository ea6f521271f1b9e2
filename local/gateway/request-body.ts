/** The body of a management call. No more of it is kept than may be posted. */
import type { IncomingMessage } from 'node:http';
import { MAX_DISCARDED_BYTES } from './assumptions';

/** Of requests that were read before they came to whom they are for. */
const kept = new WeakMap<IncomingMessage, Buffer | 'tooLarge'>();

/** The request's `readBody` gets this. */
export function keepBody(request: IncomingMessage, body: Buffer | 'tooLarge'): void {
  kept.set(request, body);
}

export function keptBody(request: IncomingMessage): Buffer | undefined {
  const body = kept.get(request);
  return body === 'tooLarge' ? undefined : body;
}

/**
 * Reads it to its end, or until reading on makes no sense. `'tooLarge'` if it is longer than `maxBytes`; undefined if
 * the client disconnected.
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
