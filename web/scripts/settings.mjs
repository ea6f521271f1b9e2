/** What a page remembers of the person, in this browser. For a server that a link named it remembers nothing and tells nothing. */

export class Settings {
  #isKept;

  /** @param isKept false for a foreign server: what is set goes with the page */
  constructor(isKept) {
    this.#isKept = isKept;
  }

  /** The text that is kept under a name; `undefined` if there is none, or the browser keeps nothing. */
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
      // A browser that keeps nothing, or has no room: the setting lasts as long as the page.
    }
  }

  /** A kept list of texts; `undefined` if it is none, whoever wrote it. */
  list(name) {
    try {
      const list = JSON.parse(this.get(name) ?? 'null');
      return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : undefined;
    } catch {
      return undefined;
    }
  }
}
