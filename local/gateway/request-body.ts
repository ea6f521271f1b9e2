/** The body of a management call, of which no more is kept than may be posted. */
import type { IncomingMessage } from 'node:http';
import { MAX_DISCARDED_BYTES } from './assumptions';

/** Reads it to its end, or till there is no sense in it. `'tooLarge'` if it is longer than `maxBytes`; undefined if the caller went away. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | 'tooLarge' | undefined> {
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
