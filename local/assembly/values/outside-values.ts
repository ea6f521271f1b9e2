/** Values that no template of the app has: those that people give, and placeholders for the others. */
import type { App, UnknownValue } from '../model';

export class OutsideValues {
  readonly #given: Map<string, string>;
  readonly #hasPlaceholders: boolean;
  readonly #unknown = new Map<string, string>();
  /** The conditions that are decided by placeholders. */
  readonly #conditions = new Map<string, Set<string>>();

  /** @param hasPlaceholders whether something stands for what nobody gave; otherwise it is a mistake */
  constructor(given: Record<string, string>, hasPlaceholders: boolean) {
    this.#given = new Map(Object.entries(given));
    this.#hasPlaceholders = hasPlaceholders;
  }

  /** What was given by the first of these names for which something was. */
  given(...names: string[]): string | undefined {
    return names.map((name) => this.#given.get(name)).find((value) => value !== undefined);
  }

  /**
   * A host name, or the URL of one where a URL is asked for; `undefined` if there are none.
   * @param at the place in the template that asks
   */
  placeholder(name: string, at: string): string | undefined {
    if (!this.#hasPlaceholders) return undefined;
    const label = name.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
    // What reads a URL wants one, and not a host name.
    const scheme = /\.\w*ur[il]$/i.test(name) ? 'https://' : '';
    const placeholder = `${scheme}unknown.${label}.invalid`;
    this.#unknown.set(placeholder, name);
    const [, condition] = /^Conditions\.([^.[]+)/.exec(at) ?? [];
    if (condition !== undefined) {
      const conditions = this.#conditions.get(placeholder) ?? new Set();
      this.#conditions.set(placeholder, conditions.add(condition));
    }
    return placeholder;
  }

  /** The placeholders that a function's environment or another part of the app holds, or that decide what there is of it. */
  usedIn({ functions, ...parts }: Pick<App, 'functions'> & Record<string, unknown>): UnknownValue[] {
    const others = JSON.stringify(parts);
    return [...this.#unknown].flatMap(([placeholder, name]) => {
      const conditions = [...(this.#conditions.get(placeholder) ?? [])].map((one) => `the condition ${one}`);
      const inFunctions = functions.flatMap(({ path, environment }) =>
        Object.entries(environment)
          .filter(([, value]) => value.includes(placeholder))
          .map(([variable]) => `${path.replace(/\/Resource$/, '')} (${variable})`),
      );
      const users = [...inFunctions, ...conditions];
      const isUsed = users.length > 0 || others.includes(placeholder);
      return isUsed ? [{ name, placeholder, users }] : [];
    });
  }

  /** A text with the way out for each placeholder that it names. */
  explain(text: string): string {
    const named = [...this.#unknown].filter(
      ([placeholder, name]) => text.includes(placeholder) && !text.includes(`--parameter ${name}=`),
    );
    const hints = named.map(
      ([placeholder, name]) =>
        ` ${placeholder} stands for what only AWS knows: --parameter ${name}=VALUE gives it.`,
    );
    return `${text}${hints.join('')}`;
  }

  /** Whether a value has a placeholder in it. */
  isUnknown(value: string): boolean {
    return [...this.#unknown.keys()].some((placeholder) => value.includes(placeholder));
  }
}
