// Captures everything that the function prints, line by line: through the console, process.stdout and process.stderr,
// and file descriptors 1 and 2.
'use strict';

const fs = require('node:fs');

/** Longer lines are cut, so that a function that prints a whole payload does not flood the log. */
const MAX_LINE_CHARACTERS = 16_384;
/** The most lines between two flushes. Further lines are only counted. */
const MAX_LINES = 10_000;

/** Calls `emit(stream, text)` for each line. `flush` also emits an unfinished last line. */
function captureOutput(emit) {
  const out = new Lines((text) => emit('stdout', text));
  const err = new Lines((text) => emit('stderr', text));
  captureStream(process.stdout, out);
  captureStream(process.stderr, err);
  captureDescriptors(
    new Map([
      [1, out],
      [2, err],
    ]),
  );
  return {
    flush() {
      out.flush();
      err.flush();
    },
  };
}

class Lines {
  #emit;
  #partial = '';
  #count = 0;

  constructor(emit) {
    this.#emit = emit;
  }

  add(text) {
    const lines = (this.#partial + text).split(/\r?\n/);
    this.#partial = lines.pop();
    for (const line of lines) this.#line(line);
    if (this.#partial.length > MAX_LINE_CHARACTERS) this.flushPartial();
  }

  flush() {
    this.flushPartial();
    const omitted = this.#count - MAX_LINES;
    if (omitted > 0) this.#emit(`… ${omitted} more lines are not shown`);
    this.#count = 0;
  }

  flushPartial() {
    if (this.#partial !== '') this.#line(this.#partial);
    this.#partial = '';
  }

  #line(line) {
    this.#count += 1;
    if (this.#count > MAX_LINES) return;
    const more = line.length - MAX_LINE_CHARACTERS;
    this.#emit(more > 0 ? `${line.slice(0, MAX_LINE_CHARACTERS)}… (${more} more characters)` : line);
  }
}

function textOf(chunk, encoding) {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding).toString();
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString();
}

function captureStream(stream, lines) {
  stream.write = (chunk, encoding, callback) => {
    lines.add(typeof chunk === 'string' ? chunk : textOf(chunk));
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}

/** Loggers such as pino write to the descriptors directly. */
function captureDescriptors(linesOf) {
  const { write, writeSync } = fs;

  fs.writeSync = (fd, chunk, ...rest) => {
    const lines = linesOf.get(fd);
    if (!lines) return writeSync(fd, chunk, ...rest);
    const text = writtenText(chunk, rest);
    lines.add(text);
    return Buffer.byteLength(text);
  };

  fs.write = (fd, chunk, ...rest) => {
    const lines = linesOf.get(fd);
    const callback = rest.at(-1);
    if (!lines || typeof callback !== 'function') return write(fd, chunk, ...rest);
    const text = writtenText(chunk, rest);
    lines.add(text);
    process.nextTick(callback, null, Buffer.byteLength(text), chunk);
  };
}

/** (string, position?, encoding?) or (buffer, offset?, length?): returns the text that fs.write was asked to write. */
function writtenText(chunk, [offset, length]) {
  if (typeof chunk === 'string') return chunk;
  const start = typeof offset === 'number' ? offset : 0;
  const end = typeof length === 'number' ? start + length : chunk.byteLength;
  return textOf(chunk.subarray(start, end));
}

module.exports = { captureOutput };
