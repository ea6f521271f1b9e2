/** Lines on the terminal: what happens on stdout, what goes wrong on stderr. */
import type { Log } from '../log';

/** Lines of this time are written together: one by one, a crowd's lines would cost more than what they tell of. */
const GATHERING_MILLIS = 5;

const RED = '\u001b[31m';
const YELLOW = '\u001b[33m';
const PLAIN = '\u001b[39m';

/** Coloured on a terminal only, and not where `NO_COLOR` is set (no-color.org). */
export class TerminalLog implements Log {
  #gathered = '';
  readonly #isColoured = process.stderr.isTTY === true && !process.env.NO_COLOR;

  constructor() {
    process.on('exit', () => this.#write());
  }

  info(text: string): void {
    if (this.#gathered === '') setTimeout(() => this.#write(), GATHERING_MILLIS);
    this.#gathered += `${text}\n`;
  }

  warn(text: string): void {
    this.#complain(text, YELLOW);
  }

  error(text: string): void {
    this.#complain(text, RED);
  }

  #complain(text: string, colour: string): void {
    this.#write();
    process.stderr.write(this.#isColoured ? `${colour}${text}${PLAIN}\n` : `${text}\n`);
  }

  #write(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '') process.stdout.write(text);
  }
}
