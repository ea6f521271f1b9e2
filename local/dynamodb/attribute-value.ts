/** Attribute values: types, sizes and comparison. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { invalidParameter, validationError } from './dynamodb-error';
import { canonicalNumber, compareNumbers, parse } from './number';

/** `{ "S": "text" }`: one member, named after the type. Immutable once read. */
export type AttributeValue = JsonObject;
export type AttributeType = 'S' | 'N' | 'B' | 'SS' | 'NS' | 'BS' | 'L' | 'M' | 'BOOL' | 'NULL';
export type Attributes = Record<string, AttributeValue>;

export const ATTRIBUTE_TYPES: readonly string[] = ['S', 'N', 'B', 'SS', 'NS', 'BS', 'L', 'M', 'BOOL', 'NULL'];

/** "DynamoDB supports nested attributes up to 32 levels deep": Developer Guide, "Service, account, and table quotas". */
const MAX_NESTING = 32;

export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  return 'NULL';
}

/**
 * Whether the value is only a text, like most values. Does not list its keys, which would be slower than everything
 * else here.
 */
export function isPlainText(value: JsonObject): boolean {
  if (typeof value.S !== 'string') return false;
  for (const type in value) if (type !== 'S') return false;
  return true;
}

/** The item's own attribute with this name, not a property that every JavaScript object has. */
export function attributeOf(item: Attributes, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

export function elements(value: Json | undefined): AttributeValue[] {
  return value as AttributeValue[];
}

export function texts(value: Json | undefined): string[] {
  return value as string[];
}

export function members(value: Json | undefined): Attributes {
  return value as Attributes;
}

/**
 * The attributes of a request in stored form: the same object if they have it already.
 * @throws {DynamoDbError} if one of them is not a value
 */
export function readAttributes(attributes: JsonObject, depth = 1): Attributes {
  const names = Object.keys(attributes);
  let changed: [string, AttributeValue][] | undefined;
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    const value = attributes[name];
    const read = readValue(value, depth);
    if (read !== value) {
      changed ??= names.slice(0, index).map((one) => [one, attributes[one] as AttributeValue]);
    }
    changed?.push([name, read]);
  }
  return changed ? Object.fromEntries(changed) : (attributes as Attributes);
}

/** @throws {DynamoDbError} in DynamoDB's words */
export function readValue(value: Json | undefined, depth = 1): AttributeValue {
  if (depth > MAX_NESTING + 1) throw validationError('Nesting Levels have exceeded supported limits');
  if (isObject(value) && isPlainText(value)) return value;
  const names = isObject(value) ? Object.keys(value) : [];
  const [type] = names;
  if (!isObject(value) || type === undefined) {
    throw validationError(
      'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
    );
  }
  let read: Json = null;
  for (const name of names) read = readContent(name, value[name] ?? null, depth);
  if (names.length > 1) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  }
  return read === value[type] ? value : { [type]: read };
}

function readContent(type: string, content: Json, depth: number): Json {
  switch (type) {
    case 'N':
      return canonicalNumber(String(content));
    case 'NULL':
      if (content !== true) throw invalidParameter('Null attribute value types must have the value of true');
      return content;
    case 'SS':
    case 'NS':
    case 'BS':
      return readSet(type, texts(content));
    case 'M':
      return readAttributes(content as JsonObject, depth + 1);
    case 'L':
      return (content as Json[]).map((element) => readValue(element, depth + 1));
    default:
      return content;
  }
}

const EMPTY_SETS = {
  SS: 'An string set  may not be empty',
  NS: 'An number set  may not be empty',
  BS: 'Binary sets should not be empty',
};

function readSet(type: 'SS' | 'NS' | 'BS', content: string[]): string[] {
  if (content.length === 0) throw invalidParameter(EMPTY_SETS[type]);
  const read = type === 'NS' ? content.map(canonicalNumber) : content;
  if (new Set(read).size === read.length) return read;
  const shown = `[${content.join(', ')}]`;
  if (type === 'NS') throw validationError('Input collection contains duplicates');
  throw invalidParameter(
    type === 'SS'
      ? `Input collection ${shown} contains duplicates.`
      : `Input collection ${shown}of type BS contains duplicates.`,
  );
}

/**
 * The bytes that count for DynamoDB's limits and prices. Source: Developer Guide, "DynamoDB item sizes and formats".
 */
export function attributesBytes(attributes: Attributes): number {
  let bytes = 0;
  for (const name of Object.keys(attributes)) {
    bytes += textBytes(name) + valueBytes(attributes[name] as AttributeValue);
  }
  return bytes;
}

export function valueBytes(value: AttributeValue): number {
  const type = typeOf(value);
  const content = value[type] as Json;
  switch (type) {
    case 'S':
      return textBytes(String(content));
    case 'B':
      return Buffer.byteLength(String(content), 'base64');
    case 'N':
      return numberBytes(String(content));
    case 'SS':
      return texts(content).reduce((sum, text) => sum + textBytes(text), 0);
    case 'NS':
      return texts(content).reduce((sum, text) => sum + numberBytes(text), 0);
    case 'BS':
      return texts(content).reduce((sum, text) => sum + Buffer.byteLength(text, 'base64'), 0);
    case 'L':
      return elements(content).reduce((sum, element) => sum + 1 + valueBytes(element), 3);
    case 'M':
      return 3 + Object.keys(members(content)).length + attributesBytes(members(content));
    default:
      return 1;
  }
}

export function textBytes(text: string): number {
  return Buffer.byteLength(text);
}

export function numberBytes(text: string): number {
  const { digits, exponent, isNegative } = parse(text);
  if (digits === '') return 1;
  const halves = Math.ceil(digits.length / 2);
  const isAligned = digits.length % 2 !== 0 || exponent % 2 !== 0;
  return 1 + halves + (isAligned ? 0 : 1) + (isNegative ? 1 : 0);
}

/** The order of a set does not matter. */
export function areEqual(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (!a || !b) return false;
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  const [first, second] = [a[type] as Json, b[type] as Json];
  switch (type) {
    case 'SS':
    case 'NS':
    case 'BS': {
      const others = new Set(texts(second));
      return texts(first).length === others.size && texts(first).every((text) => others.has(text));
    }
    case 'L': {
      const [one, other] = [elements(first), elements(second)];
      return one.length === other.length && one.every((element, index) => areEqual(element, other[index]));
    }
    case 'M': {
      const [one, other] = [members(first), members(second)];
      const names = Object.keys(one);
      return (
        names.length === Object.keys(other).length &&
        names.every((name) => areEqual(one[name], attributeOf(other, name)))
      );
    }
    default:
      return first === second;
  }
}

export function areEqualItems(a: Attributes, b: Attributes): boolean {
  return areEqual({ M: a }, { M: b });
}

/**
 * Negative if `a` sorts first; undefined if the two cannot be compared. Only texts, numbers and binary values of the
 * same type can.
 */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  const type = typeOf(a);
  if (type !== typeOf(b)) return undefined;
  const [first, second] = [String(a[type]), String(b[type])];
  if (type === 'N') return compareNumbers(first, second);
  if (type === 'S') return Buffer.compare(Buffer.from(first), Buffer.from(second));
  if (type === 'B') return Buffer.compare(Buffer.from(first, 'base64'), Buffer.from(second, 'base64'));
  return undefined;
}
