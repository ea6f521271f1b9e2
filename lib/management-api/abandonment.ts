/**
 * Tells a call that nobody waits for its response any longer. A delivery makes one for each post. An AbortController
 * would do, but costs about as much as signing the post.
 */
export class Abandonment {
  #isAbandoned = false;
  #listener: (() => void) | undefined;

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#listener?.();
  }

  /** Calls `listener` if the call is abandoned from now on. There is one listener at a time; `undefined` removes it. */
  onAbandon(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }
}
