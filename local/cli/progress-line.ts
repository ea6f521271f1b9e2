/**
 * A line on the terminal that shows current work, and disappears when other output follows. Not written to files and
 * pipes.
 */
export class ProgressLine {
  readonly #stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;
  #isShown = false;

  constructor(stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'> = process.stdout) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (!this.#stream.isTTY) return;
    this.clear();
    // A line that wraps could not be erased.
    this.#stream.write(text.slice(0, this.#stream.columns - 1));
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#stream.write('\r\u001b[2K');
    this.#isShown = false;
  }
}
