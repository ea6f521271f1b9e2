/** Lines on the terminal: what happens on stdout, what goes wrong on stderr. */
import type { Log } from '../log';
import { printableLines } from '../printable';

/** Lines of this time are written together: one by one, a crowd's lines would cost more than what they tell of. */
const GATHERING_MILLIS = 5;

const RED = '\u001b[31m';
const YELLOW = '\u001b[33m';
const PLAIN = '\u001b[39m';

export interface TerminalStreams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

/**
 * Coloured on a terminal only, and not where `NO_COLOR` is set (no-color.org). Of what functions and clients say it leaves
 * lines and tabs; colours are left out and other control characters escaped.
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
