/** Fetches an issuer's public keys over HTTPS, with limits on time and size. */
import https from 'node:https';
import { KeySetError } from './jwt-verification';

const TIMEOUT_MILLISECONDS = 5_000;
/** Issuers publish a few keys of some 400 bytes each. */
const MAX_BYTES = 256 * 1024;

/** @throws KeySetError */
export function fetchKeySet(url: string): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      reject(new KeySetError(why));
      request.destroy();
    };
    const late = setTimeout(() => fail(`no answer within ${TIMEOUT_MILLISECONDS} ms`), TIMEOUT_MILLISECONDS);
    // By the next fetch, the issuer would have closed an idle connection.
    const options = { agent: false, headers: { accept: 'application/json' } };
    const request = https.get(url, options, (response) => {
      if (response.statusCode !== 200) {
        fail(`the answer was ${response.statusCode}`);
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) fail(`it is larger than ${MAX_BYTES} bytes`);
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail(error.message));
      response.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks)).buffer));
    });
    request.on('error', (error) => fail(error.message));
    request.on('close', () => clearTimeout(late));
  });
}
