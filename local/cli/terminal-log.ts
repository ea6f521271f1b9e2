/** Lines on the terminal: events on stdout, errors on stderr. */
import type { Log } from '../log';
import { printableLines } from '../printable';

/**
 * Lines within this time are written together, because many single writes would cost more than the work that they
 * log.
 */
const GATHERING_MILLIS = 5;

const RED = '\u001b[31m';
const YELLOW = '\u001b[33m';
const PLAIN = '\u001b[39m';

export interface TerminalStreams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

/**
 * Uses colors only on a terminal, and not if `NO_COLOR` is set (no-color.org). In text from functions and clients,
 * keeps line breaks and tabs, removes colors and escapes other control characters.
 */
export class TerminalLog implements Log {
  #gathered = '';
  readonly #streams: TerminalStreams;
  readonly #isColoured: boolean;

  constructor(streams: TerminalStreams = process) {
    this.#streams = streams;
    this.#isColoured = streams.stderr.isTTY === true && !process.env.NO_COLOR;
    process.on('exit', () => this.#write());
  }

  info(text: string): void {
    if (this.#gathered === '') setTimeout(() => this.#write(), GATHERING_MILLIS);
    this.#gathered += `${printableLines(text)}\n`;
  }

  warn(text: string): void {
    this.#complain(text, YELLOW);
  }

  error(text: string): void {
    this.#complain(text, RED);
  }

  #complain(text: string, colour: string): void {
    this.#write();
    const shown = printableLines(text);
    this.#streams.stderr.write(this.#isColoured ? `${colour}${shown}${PLAIN}\n` : `${shown}\n`);
  }

  #write(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '') this.#streams.stdout.write(text);
  }
}
