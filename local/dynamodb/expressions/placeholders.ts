/** `#names` and `:values` of a request, and which of them no expression uses. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, type AttributeValue, attributeOf, readValue } from '../attribute-value';
import { DynamoDbError, validationError } from '../dynamodb-error';

export class Placeholders {
  readonly #names: JsonObject;
  readonly #values: Attributes;
  readonly #unusedNames: Set<string>;
  readonly #unusedValues: Set<string>;

  /** @throws {DynamoDbError} if a key or a value is invalid */
  constructor(names: JsonObject | undefined, values: JsonObject | undefined) {
    this.#names = names ?? {};
    this.#unusedNames = new Set(keysOf('ExpressionAttributeNames', names, /^#\w+$/));
    this.#unusedValues = new Set(keysOf('ExpressionAttributeValues', values, /^:\w+$/));
    this.#values = valuesOf(values ?? {});
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder);
    return Object.hasOwn(this.#names, placeholder) ? String(this.#names[placeholder]) : undefined;
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder);
    return attributeOf(this.#values, placeholder);
  }

  /** @throws {DynamoDbError} if no expression uses some of them */
  refuseUnused(): void {
    for (const [kind, unused] of [
      ['Names', this.#unusedNames],
      ['Values', this.#unusedValues],
    ] as const) {
      if (unused.size === 0) continue;
      throw validationError(
        `Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${[...unused].join(', ')}}`,
      );
    }
  }
}

function keysOf(parameter: string, given: JsonObject | undefined, form: RegExp): string[] {
  const keys = Object.keys(given ?? {});
  if (given && keys.length === 0) throw validationError(`${parameter} must not be empty`);
  const wrong = keys.find((key) => !form.test(key));
  if (wrong !== undefined) {
    throw validationError(`${parameter} contains invalid key: Syntax error; key: "${wrong}"`);
  }
  return keys;
}

function valuesOf(values: JsonObject): Attributes {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      try {
        return [key, readValue(value)];
      } catch (error) {
        if (!(error instanceof DynamoDbError)) throw error;
        throw validationError(
          `ExpressionAttributeValues contains invalid value: ${error.message} for key ${key}`,
        );
      }
    }),
  );
}
