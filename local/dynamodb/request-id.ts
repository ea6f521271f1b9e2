/** Ids of requests: 52 letters and digits, like DynamoDB's. */
import { randomFillSync } from 'node:crypto';

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const ID_BYTES = 52;

/** Random bytes for many ids, because asking for them costs more than the bytes. */
const pool = Buffer.alloc(256 * ID_BYTES);
let at = pool.length;

export function requestId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    for (let index = 0; index < pool.length; index += 1) {
      pool[index] = CHARACTERS.charCodeAt((pool[index] as number) & 31);
    }
    at = 0;
  }
  at += ID_BYTES;
  return pool.toString('latin1', at - ID_BYTES, at);
}
