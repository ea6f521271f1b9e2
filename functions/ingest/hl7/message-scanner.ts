/**
 * Finds the messages of an HL7 v2 file in its bytes, however they are cut: reads each MSH segment, and passes over the rest
 * without keeping it. Segments may end with CR, LF or both; messages may stand in a batch, in MLLP blocks, or one after the other.
 */
import { ByteOrder } from './byte-order';
import { isDelimiter } from './delimiters';
import { readHeader } from './message-header';
import { type Hl7Message, type MessageError, MessageFault, type ScannedRecord } from './scanned-record';

/** An MSH segment with every field at its longest has less than a quarter of this. */
export const MAX_HEADER_BYTES = 16 * 1024;

const TAB = 0x09;
const LF = 0x0a;
/** Begins a block of the Minimal Lower Layer Protocol. */
const VT = 0x0b;
const CR = 0x0d;
/** Ends a block. */
const FS = 0x1c;
const SPACE = 0x20;

/** A segment's name and the field separator. */
const NAME_BYTES = 4;
const UTF_8_MARK = '\xef\xbb\xbf';

/** Segments that follow MSH early in their messages: a file that begins with one has lost its beginning. */
const LATER_SEGMENTS = new Set(
  'AL1 DG1 ERR EVN FT1 IN1 MFI MSA NK1 NTE OBR OBX ORC PD1 PID PV1 PV2 QAK QPD QRD RXA SCH SFT TXA'.split(
    ' ',
  ),
);

type Place = 'between segments' | 'segment name' | 'header' | 'other segment';

export class MessageScanner {
  readonly #byteOrder = new ByteOrder();
  #place: Place = 'between segments';
  /** Of the segment that begins, or of an MSH segment. */
  readonly #held: number[] = [];
  /** Told once its message is complete: an MLLP block may still break off. */
  #pending: ScannedRecord | undefined;
  #count = 0;
  #isInBlock = false;
  #isHl7 = false;
  #isDone = false;

  /** Nothing that still comes would make a difference: the file is not HL7. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Bytes of the file that are kept at the moment. */
  get heldBytes(): number {
    return this.#held.length + this.#byteOrder.heldBytes;
  }

  /** What the next bytes of the file complete. */
  *push(chunk: Uint8Array): Generator<ScannedRecord> {
    yield* this.#scan(this.#byteOrder.push(chunk));
    if (!this.#byteOrder.isReadable) yield* this.#refuseEncoding();
  }

  /** What the end of the file completes. */
  *end(): Generator<ScannedRecord> {
    yield* this.#scan(this.#byteOrder.end());
    if (this.#isDone) return;
    if (this.#place === 'header' || this.#name() === 'MSH') {
      yield* this.#settle();
      this.#break({
        name: 'Truncated',
        rule: 'every segment ends with CR, LF or both',
        value: `the file ends after ${this.#held.length} bytes of MSH`,
      });
    } else if (this.#place === 'segment name') {
      yield* this.#nameIsComplete();
      if (this.#isDone) return;
    }
    yield* this.#leaveBlock('the file ends');
    if (this.#count === 0) yield otherFile(this.#isHl7 ? 'emptyBatch' : 'empty');
    this.#isDone = true;
  }

  *#scan(bytes: Uint8Array): Generator<ScannedRecord> {
    for (let at = 0; at < bytes.length && !this.#isDone; at += 1) {
      // Most bytes of a file are in segments that are passed over.
      if (this.#place === 'other segment') at = this.#passOver(bytes, at);
      const byte = bytes[at];
      if (byte !== undefined) yield* this.#take(byte);
    }
  }

  /** Where the segment ends, or the chunk. */
  #passOver(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !this.#isEnd(bytes[at] as number)) at += 1;
    return at;
  }

  #isEnd(byte: number): boolean {
    return byte === CR || byte === LF || (byte === FS && (this.#isInBlock || this.#place === 'header'));
  }

  *#take(byte: number): Generator<ScannedRecord> {
    if (this.#isEnd(byte)) {
      if (this.#place === 'header') this.#headerIsComplete();
      if (this.#place === 'segment name') yield* this.#nameIsComplete();
      if (!this.#isDone) this.#place = 'between segments';
      this.#held.length = 0;
      if (byte === FS) yield* this.#settle();
      if (byte === FS) this.#isInBlock = false;
      return;
    }
    if (this.#place === 'between segments') {
      if (byte === SPACE || byte === TAB || byte === FS) return;
      if (byte === VT) {
        yield* this.#leaveBlock('the next one begins');
        this.#isInBlock = true;
        return;
      }
      this.#place = 'segment name';
    }
    this.#held.push(byte);
    if (this.#place === 'segment name') yield* this.#nameGrows();
    else if (this.#held.length > MAX_HEADER_BYTES) this.#headerIsTooLong();
  }

  *#nameGrows(): Generator<ScannedRecord> {
    if (this.#name() === UTF_8_MARK) {
      this.#held.length = 0;
      this.#place = 'between segments';
    } else if (this.#held.length === NAME_BYTES) {
      yield* this.#nameIsComplete();
    }
  }

  /** Decides on a segment by its name and the byte after it, if there is one. */
  *#nameIsComplete(): Generator<ScannedRecord> {
    const name = this.#name();
    const separator = this.#held[NAME_BYTES - 1];
    const isSegment = /^[A-Z][A-Z0-9]{2}$/.test(name) && (separator === undefined || isDelimiter(separator));
    if (isSegment && name === 'MSH') {
      yield* this.#settle();
      this.#isHl7 = true;
      this.#place = 'header';
      if (separator === undefined) this.#headerIsComplete();
      return;
    }
    this.#held.length = 0;
    this.#place = 'other segment';
    if (this.#isHl7) return;
    if (isSegment && (name === 'FHS' || name === 'BHS')) {
      this.#isHl7 = true;
    } else if (isSegment && separator !== undefined && LATER_SEGMENTS.has(name)) {
      this.#isHl7 = true;
      this.#break({
        name: 'HeaderMissing',
        rule: 'a message begins with MSH, and a batch with FHS or BHS',
        value: 'the first segment is another one',
      });
    } else {
      this.#isDone = true;
      yield otherFile('notHl7');
    }
  }

  #headerIsComplete(): void {
    try {
      const header = readHeader(Buffer.from(this.#held).toString('latin1'), this.#byteOrder.isConverted);
      this.#pending = { ...header, index: this.#count } satisfies Hl7Message;
      this.#count += 1;
    } catch (error) {
      if (!(error instanceof MessageFault)) throw error;
      this.#break(error.error);
    }
  }

  #headerIsTooLong(): void {
    this.#held.length = 0;
    this.#place = 'other segment';
    this.#break({
      name: 'HeaderTooLong',
      rule: `an MSH segment has up to ${MAX_HEADER_BYTES} bytes`,
      value: `more than ${MAX_HEADER_BYTES} bytes`,
    });
  }

  /** An MLLP block that ends in anything but its end block character has lost the rest of its message. */
  *#leaveBlock(why: string): Generator<ScannedRecord> {
    if (this.#isInBlock && this.#pending?.kind === 'message') {
      const { index } = this.#pending;
      const rule = 'an MLLP block ends with the bytes 1C 0D';
      this.#pending = { kind: 'broken', index, error: { name: 'Truncated', rule, value: why } };
    }
    yield* this.#settle();
  }

  *#settle(): Generator<ScannedRecord> {
    if (this.#pending) yield this.#pending;
    this.#pending = undefined;
  }

  #break(error: MessageError): void {
    this.#pending = { kind: 'broken', index: this.#count, error };
    this.#count += 1;
  }

  *#refuseEncoding(): Generator<ScannedRecord> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#break({
      name: 'CharacterSet',
      rule: 'a file is in ASCII, UTF-8, 8859 or UTF-16',
      value: 'UTF-32',
    });
    yield* this.#settle();
  }

  #name(): string {
    return String.fromCharCode(...this.#held.slice(0, NAME_BYTES - 1));
  }
}

function otherFile(reason: 'empty' | 'emptyBatch' | 'notHl7'): ScannedRecord {
  return { kind: 'file', topic: 'file', index: 0, reason };
}
