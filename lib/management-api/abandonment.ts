/**
 * Tells a call that its response is no longer needed. A delivery creates one for each post. An AbortController would
 * also work, but costs about as much as signing the post.
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
