/**
 * Enforces rules that `ws` does not have: no frame above 32 KB, no binary frame. Checks the headers of a client's
 * frames before `ws` (8.23) gets the bytes, and keeps no copy. At a frame that breaks a rule it stops reading, and
 * everything before that frame is still processed.
 */
import type { Duplex } from 'node:stream';
import { BINARY_MESSAGE, type CloseCause, TOO_LARGE } from './close-codes';
import type { SizeLimits } from './quotas';

const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const MASK_BYTES = 4;

export class FrameLimit {
  /** Why the connection must end. Set by `inspect`. */
  violation: CloseCause | undefined;
  /** The client's close frame has passed. What follows is ignored. */
  #closed = false;
  /** A frame violates RFC 6455 itself. `ws` refuses it from its first bytes, so nothing more needs checking. */
  #malformed = false;
  /** Never read beyond what was written. From the pool, because separate memory for ten bytes takes several hundred. */
  readonly #header = Buffer.allocUnsafe(10);
  #headerLength = 0;
  /** The rest of the current frame in bytes, including its mask. */
  #left = 0;
  #inClose = false;
  #inMessage = false;
  #messageBytes = 0;

  constructor(private readonly limits: SizeLimits) {}

  /** How many bytes of `chunk`, from its start, may be read. */
  inspect(chunk: Buffer): number {
    if (this.violation || this.#closed) return 0;
    let at = 0;
    while (at < chunk.length && !this.#malformed) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
      } else {
        const start = at;
        at = this.#readHeader(chunk, at);
        if (this.violation) return start;
      }
      if (this.#inClose && this.#left === 0) {
        this.#closed = true;
        return at;
      }
    }
    return chunk.length;
  }

  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.#header[this.#headerLength++] = chunk[at++] ?? 0;
      if (this.#headerLength < 2) continue;
      const shortLength = (this.#header[1] ?? 0) & 0x7f;
      const headerBytes = shortLength === 126 ? 4 : shortLength === 127 ? 10 : 2;
      if (this.#headerLength < headerBytes) continue;
      this.#headerLength = 0;
      this.#judge(payloadBytes(this.#header, headerBytes));
      return at;
    }
    return at;
  }

  #judge(payload: number): void {
    const first = this.#header[0] ?? 0;
    const second = this.#header[1] ?? 0;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    this.#malformed =
      (first & 0x70) !== 0 || (second & 0x80) === 0 || !this.#isInPlace(opcode, final, payload);
    if (this.#malformed) return;
    if (opcode === BINARY) this.violation = BINARY_MESSAGE;
    else if (payload > this.limits.frameBytes) this.violation = TOO_LARGE;
    if (opcode === TEXT || opcode === CONTINUATION) {
      this.#messageBytes += payload;
      if (this.#messageBytes > this.limits.messageBytes) this.violation ??= TOO_LARGE;
      if (final) this.#messageBytes = 0;
      this.#inMessage = !final;
    }
    this.#inClose = opcode === CLOSE;
    this.#left = payload + MASK_BYTES;
  }

  #isInPlace(opcode: number, final: boolean, payload: number): boolean {
    if (opcode === CONTINUATION) return this.#inMessage;
    if (opcode === TEXT || opcode === BINARY) return !this.#inMessage;
    if (opcode === CLOSE && payload === 1) return false;
    return (opcode === CLOSE || opcode === PING || opcode === PONG) && final && payload <= 125;
  }
}

function payloadBytes(header: Buffer, headerBytes: number): number {
  if (headerBytes === 4) return header.readUInt16BE(2);
  // Exact up to 2^53. Larger values are far beyond the limit anyway.
  if (headerBytes === 10) return header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
  return (header[1] ?? 0) & 0x7f;
}

/**
 * Filters what `ws` reads from its socket. Call it as soon as `ws` has taken over the socket, before any byte is read.
 * Returns a function that stops the reading.
 */
export function limitFrames(
  socket: Duplex,
  limits: SizeLimits,
  onViolation: (cause: CloseCause) => void,
): () => void {
  const limit = new FrameLimit(limits);
  const listeners = socket.listeners('data') as ((chunk: Buffer) => void)[];
  const [read] = listeners;
  if (listeners.length !== 1 || !read) {
    throw new Error(`ws should have one "data" listener on its socket, but has ${listeners.length}.`);
  }
  let stopped = false;
  socket.on('data', (chunk: Buffer) => {
    if (stopped) return;
    const allowed = limit.inspect(chunk);
    if (allowed > 0) read.call(socket, allowed < chunk.length ? chunk.subarray(0, allowed) : chunk);
    if (limit.violation) {
      stopped = true;
      onViolation(limit.violation);
    }
  });
  socket.removeListener('data', read);
  return () => {
    stopped = true;
  };
}
