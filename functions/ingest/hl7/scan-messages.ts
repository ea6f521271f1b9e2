import { MessageScanner } from './message-scanner';
import type { ScannedRecord } from './scanned-record';

/**
 * One record for each message of a file, as soon as the message is complete; one record in all if there is none. Reads no
 * further than it must: a file that is not HL7 is left after its first bytes.
 */
export async function* scanMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ScannedRecord> {
  const scanner = new MessageScanner();
  for await (const chunk of chunks) {
    yield* scanner.push(chunk);
    if (scanner.isDone) return;
  }
  yield* scanner.end();
}
