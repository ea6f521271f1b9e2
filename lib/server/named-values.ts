/** Names with one or more values each, such as the headers of a request. */
export class NamedValues implements Iterable<[name: string, value: string]> {
  readonly #values = new Map<string, { name: string; values: string[] }>();
  readonly #ignoreCase: boolean;

  constructor(entries: Iterable<readonly [string, readonly string[]]>, { ignoreCase = false } = {}) {
    this.#ignoreCase = ignoreCase;
    for (const [name, values] of entries) {
      const known = this.#values.get(this.#key(name));
      if (known) known.values.push(...values);
      else this.#values.set(this.#key(name), { name, values: [...values] });
    }
  }

  /** The first value; `undefined` if there is none. */
  get(name: string): string | undefined {
    return this.#values.get(this.#key(name))?.values[0];
  }

  /** Every value, in the order in which they came. */
  getAll(name: string): string[] {
    return [...(this.#values.get(this.#key(name))?.values ?? [])];
  }

  has(name: string): boolean {
    return this.#values.has(this.#key(name));
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const { name, values } of this.#values.values()) for (const value of values) yield [name, value];
  }

  #key(name: string): string {
    return this.#ignoreCase ? name.toLowerCase() : name;
  }
}
