/** Lines on the terminal: what happens on stdout, what goes wrong on stderr. */
import type { Log } from '../log';

/** Lines of this time are written together: one by one, a crowd's lines would cost more than what they tell of. */
const GATHERING_MILLIS = 5;

export class TerminalLog implements Log {
  #gathered = '';

  constructor() {
    process.on('exit', () => this.#write());
  }

  info(text: string): void {
    if (this.#gathered === '') setTimeout(() => this.#write(), GATHERING_MILLIS);
    this.#gathered += `${text}\n`;
  }

  warn(text: string): void {
    this.#write();
    process.stderr.write(`${text}\n`);
  }

  error(text: string): void {
    this.warn(text);
  }

  #write(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '') process.stdout.write(text);
  }
}
