/** Values that the app's templates do not contain: those that the user supplies, and placeholders for the others. */
import type { App, UnknownValue } from '../model';

export class OutsideValues {
  readonly #given: Map<string, string>;
  readonly #hasPlaceholders: boolean;
  readonly #unknown = new Map<string, string>();
  /** Conditions whose value depends on placeholders. */
  readonly #conditions = new Map<string, Set<string>>();

  /** @param hasPlaceholders whether to use placeholders for missing values, which are errors otherwise */
  constructor(given: Record<string, string>, hasPlaceholders: boolean) {
    this.#given = new Map(Object.entries(given));
    this.#hasPlaceholders = hasPlaceholders;
  }

  /** The first of these names for which the user supplied a value. */
  given(...names: string[]): string | undefined {
    return names.map((name) => this.#given.get(name)).find((value) => value !== undefined);
  }

  /**
   * A host name, or a URL with it if the place needs a URL; `undefined` if there are no placeholders.
   * @param at the place in the template that needs it
   */
  placeholder(name: string, at: string): string | undefined {
    if (!this.#hasPlaceholders) return undefined;
    const label = name.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
    // Code that reads a URL needs a URL, not a host name.
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

  /** The placeholders in a function's environment or in another part of the app, or that decide whether it exists. */
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

  /** A text with the remedy for each placeholder in it. */
  explain(text: string): string {
    const named = [...this.#unknown].filter(
      ([placeholder, name]) => text.includes(placeholder) && !text.includes(`--parameter ${name}=`),
    );
    const hints = named.map(
      ([placeholder, name]) =>
        ` ${placeholder} is a placeholder for a value that only AWS knows. Set it with --parameter ${name}=VALUE.`,
    );
    return `${text}${hints.join('')}`;
  }

  /** Whether a value contains a placeholder. */
  isUnknown(value: string): boolean {
    return [...this.#unknown.keys()].some((placeholder) => value.includes(placeholder));
  }
}
