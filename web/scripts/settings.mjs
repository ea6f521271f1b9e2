/**
 * What a page remembers about the user, in this browser. For a foreign server from a link, it remembers and sends
 * nothing.
 */

export class Settings {
  #isKept;

  /** @param isKept false for a foreign server, for which settings last only as long as the page */
  constructor(isKept) {
    this.#isKept = isKept;
  }

  /** The stored text; `undefined` if there is none, or the browser stores nothing. */
  get(name) {
    if (!this.#isKept) return undefined;
    try {
      return localStorage.getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set(name, text) {
    if (!this.#isKept) return;
    try {
      localStorage.setItem(name, text);
    } catch {
      // If the browser stores nothing or has no space, the setting lasts as long as the page.
    }
  }

  /** A stored list of texts; `undefined` if it is invalid. */
  list(name) {
    try {
      const list = JSON.parse(this.get(name) ?? 'null');
      return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : undefined;
    } catch {
      return undefined;
    }
  }
}
