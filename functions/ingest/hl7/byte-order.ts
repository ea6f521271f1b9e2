/** Converts UTF-16 files to UTF-8 and removes byte order marks, so that a scan sees ASCII bytes as they are. */
import { TextDecoder } from 'node:util';

type Encoding = 'utf-16le' | 'utf-16be' | 'utf-32' | 'ascii-compatible';

/** How many bytes it takes to detect the encoding. */
const TELLING_BYTES = 4;

const NOTHING = new Uint8Array();

export class ByteOrder {
  #beginning: Buffer | undefined = Buffer.alloc(0);
  #decoder: TextDecoder | undefined;
  #isReadable = true;

  /** False for UTF-32, which is not supported. */
  get isReadable(): boolean {
    return this.#isReadable;
  }

  /** True for UTF-16, whatever the messages themselves declare. */
  get isConverted(): boolean {
    return this.#decoder !== undefined;
  }

  get heldBytes(): number {
    return this.#beginning?.length ?? 0;
  }

  /** The chunk in a form that can be scanned. The first bytes are held back until they reveal the encoding. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#beginning === undefined) return this.#convert(chunk);
    const beginning = Buffer.concat([this.#beginning, chunk.subarray(0, TELLING_BYTES)]);
    if (beginning.length < TELLING_BYTES) {
      this.#beginning = beginning;
      return NOTHING;
    }
    return this.#begin(Buffer.concat([this.#beginning, chunk]));
  }

  end(): Uint8Array {
    const rest = this.#beginning === undefined ? NOTHING : this.#begin(this.#beginning);
    const last = this.#decoder?.decode() ?? '';
    return last === '' ? rest : Buffer.concat([rest, Buffer.from(last)]);
  }

  #begin(bytes: Buffer): Uint8Array {
    this.#beginning = undefined;
    const encoding = encodingOf(bytes);
    this.#isReadable = encoding !== 'utf-32';
    if (encoding === 'utf-16le' || encoding === 'utf-16be') this.#decoder = new TextDecoder(encoding);
    return this.#convert(bytes);
  }

  #convert(chunk: Uint8Array): Uint8Array {
    if (!this.#isReadable) return NOTHING;
    return this.#decoder ? Buffer.from(this.#decoder.decode(chunk, { stream: true })) : chunk;
  }
}

/** Detected by the byte order mark, or by the zero bytes between ASCII characters. */
function encodingOf([a, b, c, d]: Uint8Array): Encoding {
  const isAscii = (byte: number | undefined) => byte !== undefined && byte > 0 && byte < 0x80;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0) return c === 0xfe && d === 0xff ? 'utf-32' : 'ascii-compatible';
  if (isAscii(a) && b === 0 && isAscii(c) && d === 0) return 'utf-16le';
  if (a === 0 && isAscii(b) && c === 0 && isAscii(d)) return 'utf-16be';
  return 'ascii-compatible';
}
