/** Scans bytes that arrive in pieces. */
import { scanMessages } from '../../../../functions/ingest/hl7/scan-messages';
import type { ScannedRecord } from '../../../../functions/ingest/hl7/scanned-record';

export type Cut = (bytes: Uint8Array) => Uint8Array[];

export const inOnePiece: Cut = (bytes) => [bytes];

/** Splits into pieces of this many bytes. */
export function chunked(size: number): Cut {
  return (bytes) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
}

export async function scan(bytes: Uint8Array, cut: Cut = inOnePiece): Promise<ScannedRecord[]> {
  async function* chunks() {
    yield* cut(bytes);
  }
  const records: ScannedRecord[] = [];
  for await (const one of scanMessages(chunks())) records.push(one);
  return records;
}

export function bytesOf(content: string | Buffer): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** An MSH segment with the fields under test. */
export function header({ type = 'ADT^A01', controlId = '1', characterSet = '' } = {}): string {
  return `MSH|^~\\&|FICTION||||||${type}|${controlId}|P|2.5.1||||||${characterSet}\r`;
}
