/**
 * Finds the messages of an HL7 v2 file in chunks of any size. It reads each MSH segment, and skips the rest without
 * keeping it. Segments may end with CR, LF or both. Messages may be in a batch, in MLLP blocks, or one after the
 * other.
 *
 * If an MSH segment ends with CR, a bare LF in its message may be data, such as a line break in a report. A line
 * after it that begins with MSH is a header only if everything around it confirms that: see `#nameIsComplete`.
 */
import { ByteOrder } from './byte-order';
import { Delimiters, isDelimiter } from './delimiters';
import { readHeader } from './message-header';
import { RecordQueue } from './record-queue';
import { MessageFault, type ScannedRecord } from './scanned-record';
import { isLaterSegment, isSegmentName } from './segment-names';

/** Even an MSH segment with every field at its longest has less than a quarter of this. */
export const MAX_HEADER_BYTES = 16 * 1024;

const TAB = 0x09;
const LF = 0x0a;
/** Starts a block of the Minimal Lower Layer Protocol. */
const VT = 0x0b;
const CR = 0x0d;
/** Ends a block. */
const FS = 0x1c;
const SPACE = 0x20;

/** A segment's name and the field separator. */
const NAME_BYTES = 4;
/**
 * The index of MSH-11, after the control id. If a file ends in a header that has this field, no reported field is cut
 * off.
 */
const WHOLE_HEADER_FIELDS = 11;
const UTF_8_MARK = '\xef\xbb\xbf';

type Place = 'between segments' | 'segment name' | 'header' | 'other segment';

export class MessageScanner {
  readonly #byteOrder = new ByteOrder();
  #place: Place = 'between segments';
  /** The segment that is being read, or an MSH segment. */
  readonly #held: number[] = [];
  readonly #records = new RecordQueue();
  /** For the message that is being skipped: its field separator, and whether its MSH segment ended with CR. */
  #message: { separator: number | undefined; endsWithCr: boolean } | undefined;
  /** The line follows a bare LF in such a message. */
  #isBehindLf = false;
  /** An earlier line of this segment was text. */
  #isInText = false;
  /** A possible header. The next line decides. */
  #candidate: { header: number[]; endsWithCr: boolean } | undefined;
  #isCandidate = false;
  #isHl7 = false;
  #isDone = false;

  /** The file is not HL7. Further bytes make no difference. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** How many bytes of the file are buffered. */
  get heldBytes(): number {
    return this.#held.length + (this.#candidate?.header.length ?? 0) + this.#byteOrder.heldBytes;
  }

  /** The records that the next bytes of the file complete. */
  *push(chunk: Uint8Array): Generator<ScannedRecord> {
    yield* this.#scan(this.#byteOrder.push(chunk));
    if (!this.#byteOrder.isReadable) yield* this.#refuseEncoding();
  }

  /** The records that the end of the file completes. */
  *end(): Generator<ScannedRecord> {
    yield* this.#scan(this.#byteOrder.end());
    if (this.#isDone) return;
    if (this.#place === 'header' && this.#isCandidate) this.#proposeHeader(false);
    yield* this.#acceptCandidate();
    if (this.#place === 'header' && this.#isWhole()) {
      yield* this.#records.settle();
      this.#headerIsComplete(this.#held, false);
    } else if (this.#place === 'header' || this.#name() === 'MSH') {
      yield* this.#records.settle();
      this.#records.addBroken({
        name: 'Truncated',
        rule: 'every segment must end with CR, LF or both',
        value: `the file ends after ${this.#held.length} bytes of MSH`,
      });
    } else if (this.#place === 'segment name') {
      yield* this.#nameIsComplete();
      if (this.#isDone) return;
    }
    yield* this.#acceptCandidate();
    yield* this.#records.breakBlock('the file ends');
    if (this.#records.count === 0) yield otherFile(this.#isHl7 ? 'emptyBatch' : 'empty');
    this.#isDone = true;
  }

  *#scan(bytes: Uint8Array): Generator<ScannedRecord> {
    for (let at = 0; at < bytes.length && !this.#isDone; at += 1) {
      // Most bytes of a file are in skipped segments.
      if (this.#place === 'other segment') at = this.#passOver(bytes, at);
      const byte = bytes[at];
      if (byte !== undefined) yield* this.#take(byte);
    }
  }

  /** The end of the segment or of the chunk. */
  #passOver(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !this.#isEnd(bytes[at] as number)) at += 1;
    return at;
  }

  #isEnd(byte: number): boolean {
    return (
      byte === CR || byte === LF || (byte === FS && (this.#records.isInBlock || this.#place === 'header'))
    );
  }

  *#take(byte: number): Generator<ScannedRecord> {
    if (this.#isEnd(byte)) {
      if (this.#place === 'header') this.#headerEnds(byte === CR);
      if (this.#place === 'segment name') yield* this.#nameIsComplete();
      this.#lineEnds(byte);
      if (byte !== FS) return;
      yield* this.#acceptCandidate();
      yield* this.#records.endBlock();
      return;
    }
    if (this.#place === 'between segments') {
      if ((byte === SPACE || byte === TAB || byte === FS) && !this.#isBehindLf) return;
      if (byte === VT) {
        yield* this.#acceptCandidate();
        yield* this.#records.beginBlock();
        return;
      }
      this.#place = 'segment name';
    }
    this.#held.push(byte);
    if (this.#place === 'segment name') yield* this.#nameGrows();
    else if (this.#held.length > MAX_HEADER_BYTES) this.#headerIsTooLong();
  }

  #lineEnds(byte: number): void {
    const isInLine = this.#place !== 'between segments';
    if (byte !== LF) this.#isInText = false;
    this.#isBehindLf = byte === LF && this.#message?.endsWithCr === true && (isInLine || this.#isBehindLf);
    if (!this.#isDone) this.#place = 'between segments';
    this.#held.length = 0;
  }

  *#nameGrows(): Generator<ScannedRecord> {
    if (this.#name() === UTF_8_MARK) {
      this.#held.length = 0;
      this.#place = 'between segments';
    } else if (this.#held.length === NAME_BYTES) {
      yield* this.#nameIsComplete();
    }
  }

  /**
   * Classifies a line by its first four bytes. `MSH` with a delimiter begins a message. After an LF that may be data,
   * or with a delimiter other than that of the surrounding message, it may be text. Then it is a header only if no
   * earlier line of the segment was text, if it declares delimiters, and if the next line is a segment, too.
   */
  *#nameIsComplete(): Generator<ScannedRecord> {
    const name = this.#name();
    const separator = this.#held[NAME_BYTES - 1];
    const isSegment = isSegmentName(name) && (separator === undefined || isDelimiter(separator));
    if (this.#candidate) {
      const isExpected = separator === this.#candidate.header[NAME_BYTES - 1] || name === 'MSH';
      if (isSegment && isExpected) yield* this.#acceptCandidate();
      else this.#isText();
    }
    if (this.#isBehindLf && !(isSegment && (name === 'MSH' || separator === this.#message?.separator))) {
      this.#isText();
    }
    if (isSegment && name === 'MSH' && !this.#isInText) {
      this.#isCandidate = this.#isBehindLf || (this.#message ?? { separator }).separator !== separator;
      if (!this.#isCandidate) yield* this.#records.settle();
      this.#isHl7 = true;
      this.#place = 'header';
      if (separator === undefined) this.#headerEnds(false);
      return;
    }
    this.#held.length = 0;
    this.#place = 'other segment';
    if (this.#isHl7) return;
    if (isSegment && (name === 'FHS' || name === 'BHS')) {
      this.#isHl7 = true;
    } else if (isSegment && separator !== undefined && isLaterSegment(name)) {
      this.#isHl7 = true;
      this.#records.addBroken({
        name: 'HeaderMissing',
        rule: 'a message must begin with MSH, and a batch with FHS or BHS',
        value: 'the first segment is another one',
      });
    } else {
      this.#isDone = true;
      yield otherFile('notHl7');
    }
  }

  #isText(): void {
    this.#candidate = undefined;
    this.#isInText = this.#isBehindLf;
  }

  #headerEnds(endsWithCr: boolean): void {
    if (this.#isCandidate) this.#proposeHeader(endsWithCr);
    else this.#headerIsComplete(this.#held, endsWithCr);
    this.#place = 'other segment';
  }

  #proposeHeader(endsWithCr: boolean): void {
    if (Delimiters.areDeclaredIn(textOf(this.#held))) {
      this.#candidate = { header: [...this.#held], endsWithCr };
    } else {
      this.#isText();
    }
    this.#held.length = 0;
    this.#place = 'other segment';
  }

  *#acceptCandidate(): Generator<ScannedRecord> {
    if (!this.#candidate) return;
    const { header, endsWithCr } = this.#candidate;
    this.#candidate = undefined;
    this.#isBehindLf = false;
    yield* this.#records.settle();
    this.#headerIsComplete(header, endsWithCr);
  }

  /** Whether a header without a terminator has every reported field. */
  #isWhole(): boolean {
    const fields = textOf(this.#held).split(String.fromCharCode(this.#held[NAME_BYTES - 1] ?? 0));
    return (fields[WHOLE_HEADER_FIELDS - 1] ?? '').trim() !== '';
  }

  #headerIsComplete(bytes: number[], endsWithCr: boolean): void {
    this.#message = { separator: bytes[NAME_BYTES - 1], endsWithCr };
    try {
      this.#records.add(readHeader(textOf(bytes), this.#byteOrder.isConverted));
    } catch (error) {
      if (!(error instanceof MessageFault)) throw error;
      this.#records.addBroken(error.error);
    }
  }

  #headerIsTooLong(): void {
    const separator = this.#held[NAME_BYTES - 1];
    this.#held.length = 0;
    this.#place = 'other segment';
    if (this.#isCandidate) {
      this.#isText();
      return;
    }
    this.#message = { separator, endsWithCr: false };
    this.#records.addBroken({
      name: 'HeaderTooLong',
      rule: `an MSH segment must have at most ${MAX_HEADER_BYTES} bytes`,
      value: `more than ${MAX_HEADER_BYTES} bytes`,
    });
  }

  *#refuseEncoding(): Generator<ScannedRecord> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#records.addBroken({
      name: 'CharacterSet',
      rule: 'a file must be in ASCII, UTF-8, 8859 or UTF-16',
      value: 'UTF-32',
    });
    yield* this.#records.settle();
  }

  #name(): string {
    return String.fromCharCode(...this.#held.slice(0, NAME_BYTES - 1));
  }
}

/** One byte for each character. */
function textOf(bytes: number[]): string {
  return Buffer.from(bytes).toString('latin1');
}

function otherFile(reason: 'empty' | 'emptyBatch' | 'notHl7'): ScannedRecord {
  return { kind: 'file', topic: 'file', index: 0, reason };
}
