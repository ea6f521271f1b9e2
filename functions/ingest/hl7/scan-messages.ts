import { MessageScanner } from './message-scanner';
import type { ScannedRecord } from './scanned-record';

/**
 * Yields one record for each message as soon as it is complete, or a single record if there is no message. Stops
 * reading as soon as it can: a file that is not HL7 is abandoned after its first bytes.
 */
export async function* scanMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ScannedRecord> {
  const scanner = new MessageScanner();
  for await (const chunk of chunks) {
    yield* scanner.push(chunk);
    if (scanner.isDone) return;
  }
  yield* scanner.end();
}
