/** Environment variables of functions from a file in the format of `sam local --env-vars`. */
import { readFileSync } from 'node:fs';
import { UserError } from '../../user-error';
import { isObject, type Json, type JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

/** Variables under this key apply to every function that has them. */
const ALL_FUNCTIONS = 'Parameters';

/** `{ "Handler": { "TABLE": "rooms" }, "Parameters": { "STAGE": "dev" } }` */
export class EnvironmentOverrides {
  readonly #file: string;
  readonly #byFunction = new Map<string, Record<string, string>>();
  /** Keys and variables that have matched no function so far. */
  readonly #unused = new Set<string>();

  /** @throws {UserError} if the file cannot be read or has another form */
  static read(file: string): EnvironmentOverrides {
    let content: string;
    try {
      content = readFileSync(file, 'utf8');
    } catch (error) {
      throw new UserError(
        `--env-vars ${file} could not be read: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
    return new EnvironmentOverrides(file, parse(file, content));
  }

  private constructor(file: string, content: JsonObject) {
    this.#file = file;
    for (const [key, variables] of Object.entries(content)) {
      if (!isObject(variables)) throw wrongForm(file, `${key} is ${JSON.stringify(variables)}`);
      const texts = Object.entries(variables).map(([name, value]) => {
        if (typeof value === 'object') throw wrongForm(file, `${key}.${name} is ${JSON.stringify(value)}`);
        this.#unused.add(`${key}.${name}`);
        return [name, String(value)];
      });
      this.#byFunction.set(key, Object.fromEntries(texts));
    }
  }

  /** The variables of one function. As in SAM, only variables in its template can be set. */
  of(resource: Resource, functionName: string, names: string[]): Record<string, string> {
    const keys = [
      ALL_FUNCTIONS,
      functionName,
      resource.logicalId,
      resource.shortPath.split('/').at(-1) ?? '',
      resource.shortPath,
    ];
    const found: Record<string, string> = {};
    for (const key of new Set(keys)) {
      for (const [name, value] of Object.entries(this.#byFunction.get(key) ?? {})) {
        if (!names.includes(name)) continue;
        found[name] = value;
        this.#unused.delete(`${key}.${name}`);
      }
    }
    return found;
  }

  /** @throws {UserError} if a variable in the file matched no function */
  refuseUnused(functionPaths: string[]): void {
    if (this.#unused.size === 0) return;
    throw new UserError(
      `--env-vars ${this.#file}: no function sets ${[...this.#unused].join(', ')}. Identify functions by construct path, ID or logical ID, and set only variables that they have in the app. The functions are: ${functionPaths.join(', ') || 'none'}.`,
    );
  }
}

function parse(file: string, content: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(content) as Json;
  } catch (error) {
    throw wrongForm(file, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) throw wrongForm(file, 'it is not an object');
  return value;
}

function wrongForm(file: string, fault: string): UserError {
  return new UserError(
    `--env-vars ${file}: ${fault}. The format is { "FunctionId": { "VARIABLE": "value" }, "Parameters": { "VARIABLE": "value for every function" } }.`,
  );
}
