/**
 * Event patterns of EventBridge's rules, Lambda's event filters and SNS's filter policies.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { type LeafMatcher, leafMatcher } from './operators';
import { PatternError } from './pattern-error';

/** Whether an event or a part of it matches. `undefined` is a missing part. */
type Matcher = (value: Json | undefined) => boolean;

const OR = '$or';
/** EventBridge's limit. */
const MAX_DEPTH = 100;

export class EventPattern {
  readonly #matches: Matcher;

  /** @throws {PatternError} if AWS would refuse the pattern */
  constructor(pattern: JsonObject) {
    if (Object.keys(pattern).length === 0) throw new PatternError('Empty pattern');
    this.#matches = fields(pattern, []);
  }

  matches(event: Json): boolean {
    return this.#matches(event);
  }
}

/** Every field must match. If the event has a list of objects, all fields must match in the same object. */
function fields(pattern: JsonObject, path: string[]): Matcher {
  if (path.length > MAX_DEPTH) throw new PatternError(`more than ${MAX_DEPTH} levels`);
  const matchers = Object.entries(pattern).map(([name, rule]): Matcher => {
    const at = [...path, name];
    if (name === OR && isAlternatives(rule)) return alternatives(rule, path);
    const matcher = field(rule, at);
    return (value) => matcher(isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  });
  const all: Matcher = (value) => matchers.every((matches) => matches(value));
  return (value) =>
    Array.isArray(value) && value.length > 0 ? flat(value).some((element) => all(element)) : all(value);
}

function field(rule: Json, path: string[]): Matcher {
  if (isObject(rule)) {
    if (Object.keys(rule).length === 0)
      throw new PatternError(`Empty objects are not allowed, at ${at(path)}`);
    return fields(rule, path);
  }
  if (!Array.isArray(rule)) {
    throw new PatternError(`"${path.at(-1)}" must be an object or an array, at ${at(path)}`);
  }
  if (rule.length === 0) throw new PatternError(`Empty arrays are not allowed, at ${at(path)}`);
  const matchers = rule.map((one) => leafMatcher(one, at(path)));
  return (value) => leaf(matchers, value);
}

/** In a list, one matching element is enough. An object is not a leaf, so it counts as missing. */
function leaf(matchers: LeafMatcher[], value: Json | undefined): boolean {
  const values = (Array.isArray(value) ? flat(value) : [value]).filter((one) => !isObject(one));
  const candidates = values.length === 0 ? [undefined] : values;
  return matchers.some((matches) => candidates.some((candidate) => matches(candidate as Leaf)));
}

type Leaf = Exclude<Json, Json[] | JsonObject> | undefined;

/** Flattens nested lists. No event is nested more deeply than this. */
function flat(values: Json[]): Json[] {
  const elements: unknown[] = values.flat(MAX_DEPTH as 1);
  return elements.filter((element) => !Array.isArray(element)) as Json[];
}

/** Distinguishes the operator `$or` from a field with that name, whose values have another form. */
function isAlternatives(rule: Json): rule is JsonObject[] {
  return Array.isArray(rule) && rule.length > 1 && rule.every(isObject) && !rule.some(isOperator);
}

function isOperator(rule: JsonObject): boolean {
  return Object.keys(rule).some((name) =>
    /^(exists|prefix|suffix|numeric|cidr|wildcard|anything-but|equals-ignore-case)$/.test(name),
  );
}

function alternatives(rules: JsonObject[], path: string[]): Matcher {
  const matchers = rules.map((rule) => fields(rule, path));
  return (value) => matchers.some((matches) => matches(value));
}

function at(path: string[]): string {
  return path.join('.');
}
