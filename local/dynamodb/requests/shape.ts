/**
 * The shapes of requests, from DynamoDB's model, and how JSON becomes one. Anything that does not fit is refused in
 * DynamoDB's words.
 */
import { isObject, type Json, type JsonObject } from '../../assembly/values/json';
import { ATTRIBUTE_TYPES, isPlainText } from '../attribute-value';
import { serializationError, validationError } from '../dynamodb-error';

export interface Constraint {
  /** The rule in error messages. */
  rule: string;
  holds(value: Json): boolean;
  /** Missing values are checked, too. */
  seesNull?: boolean;
}

export type Shape = { constraints: Constraint[] } & (
  | { kind: 'text' | 'boolean' | 'integer' | 'long' | 'blob' | 'timestamp' }
  | { kind: 'list'; of: Shape; isParameterized: boolean }
  | { kind: 'map'; of: Shape; holds: string; isParameterized: boolean }
  | { kind: 'structure'; name: string; fields: Fields; isMember: boolean }
  | { kind: 'attributeValue'; isMember: boolean }
);

/** In the order of DynamoDB's checks. */
export type Fields = Record<string, Shape>;

const scalar =
  (kind: 'text' | 'boolean' | 'integer' | 'long' | 'blob' | 'timestamp') =>
  (...constraints: Constraint[]): Shape => ({ kind, constraints });

export const text = scalar('text');
export const boolean = scalar('boolean');
export const integer = scalar('integer');
export const long = scalar('long');

export const list = (of: Shape, ...constraints: Constraint[]): Shape => ({
  ...{ kind: 'list', of, isParameterized: false, constraints },
});

/** A list inside a map, for which DynamoDB uses other error messages. */
export const innerList = (of: Shape): Shape => ({ kind: 'list', of, isParameterized: true, constraints: [] });

/** @param holds the class of its values, for error messages */
export const map = (holds: string, of: Shape, ...constraints: Constraint[]): Shape => ({
  ...{ kind: 'map', of, holds, isParameterized: false, constraints },
});

/** A map inside a list. */
export const innerMap = (of: Shape): Shape => ({
  ...{ kind: 'map', of, holds: 'AttributeValue', isParameterized: true, constraints: [] },
});

/** An element of a list or a map. */
export const element = (name: string, fields: Fields): Shape => ({
  ...{ kind: 'structure', name, fields, isMember: false, constraints: [] },
});

/** A member of another structure. */
export const structure = (name: string, fields: Fields, ...constraints: Constraint[]): Shape => ({
  ...{ kind: 'structure', name, fields, isMember: true, constraints },
});

export const attributeValue: Shape = { kind: 'attributeValue', isMember: false, constraints: [] };
export const memberAttributeValue: Shape = { kind: 'attributeValue', isMember: true, constraints: [] };
export const attributes = (...constraints: Constraint[]) =>
  map('AttributeValue', attributeValue, ...constraints);
export const names = () => map('java.lang.String', text());

/** Deeper than any item may be, but shallow enough for the stack. */
const MAX_DEPTH = 40;

const STRUCTURE_EXPECTED = 'Start of structure or map found where not expected';
const CLASS_CAST =
  "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')";

/** The members that the shape has, in its order. @throws {DynamoDbError} a SerializationException */
export function readFields(json: JsonObject, fields: Fields, depth = 0): JsonObject {
  const read: JsonObject = {};
  for (const [name, shape] of membersOf(fields)) {
    const value = json[name];
    if (value !== undefined && value !== null) read[name] = readShape(value, shape, depth);
  }
  return read;
}

const knownMembers = new WeakMap<Fields, [string, Shape][]>();

/** As a list, which is faster to go through. */
export function membersOf(fields: Fields): [string, Shape][] {
  const known = knownMembers.get(fields);
  if (known) return known;
  const list = Object.entries(fields);
  knownMembers.set(fields, list);
  return list;
}

function readShape(value: Json, shape: Shape, depth: number): Json {
  if (value === null) return null;
  switch (shape.kind) {
    case 'text':
      return textOf(value, 'String');
    case 'boolean':
      return booleanOf(value);
    case 'integer':
      return numberOf(value, 'Integer');
    case 'long':
      return numberOf(value, 'Long');
    case 'timestamp':
      return numberOf(value, 'Date');
    case 'blob':
      return blobOf(value);
    case 'list':
      return listOf(value, shape.isParameterized).map((one) => readShape(one, shape.of, depth));
    case 'map':
      return readMap(mapOf(value, shape.holds, shape.isParameterized), shape.of, depth);
    case 'structure':
      return readFields(structureOf(value, shape.name, shape.isMember), shape.fields, depth);
    case 'attributeValue':
      return attributeValueOf(structureOf(value, 'AttributeValue', shape.isMember), depth);
  }
}

/** The map itself if reading changes none of its values, which saves most requests a copy. */
function readMap(map: JsonObject, of: Shape, depth: number): JsonObject {
  const names = Object.keys(map);
  let changed: [string, Json][] | undefined;
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    const value = map[name] as Json;
    const read = readShape(value, of, depth);
    if (read !== value) changed ??= names.slice(0, index).map((one) => [one, map[one] as Json]);
    changed?.push([name, read]);
  }
  return changed ? Object.fromEntries(changed) : map;
}

/** A value's content by its type. Unknown types are ignored, as in every structure. */
function attributeValueOf(value: JsonObject, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw validationError('Nesting Levels have exceeded supported limits');
  if (isPlainText(value)) return value;
  const types = Object.keys(value);
  if (types.length === 1 && typeof value.N === 'string') return value;
  const read: JsonObject = {};
  for (const type of types) {
    const content = value[type];
    if (content === undefined || content === null || !ATTRIBUTE_TYPES.includes(type)) continue;
    read[type] = contentOf(type, content, depth + 1);
  }
  return read;
}

function contentOf(type: string, content: Json, depth: number): Json {
  switch (type) {
    case 'S':
    case 'N':
      return textOf(content, 'String');
    case 'B':
      return blobOf(content);
    case 'BOOL':
    case 'NULL':
      return booleanOf(content);
    case 'SS':
    case 'NS':
      return listOf(content, false).map((one) => textOf(present(one), 'String'));
    case 'BS':
      return listOf(content, false).map((one) => blobOf(present(one)));
    case 'L':
      return listOf(content, false).map((one) => readShape(one, attributeValue, depth));
    default:
      return readMap(mapOf(content, 'AttributeValue', false), attributeValue, depth);
  }
}

function present(value: Json): Json {
  if (value !== null) return value;
  throw validationError('One or more parameter values were invalid: A set may not have a null element');
}

function refuseCollection(value: Json, typeName: string): void {
  if (Array.isArray(value)) throw serializationError(`Unrecognized collection type class ${typeName}`);
  if (isObject(value)) throw serializationError(STRUCTURE_EXPECTED);
}

function textOf(value: Json, type: string): string {
  if (typeof value === 'string') return value;
  refuseCollection(value, `java.lang.${type}`);
  throw serializationError(`${tokenOf(value)} cannot be converted to ${type}`);
}

function numberOf(value: Json, type: string): number {
  if (typeof value === 'number') return Math.floor(value);
  refuseCollection(value, `java.lang.${type}`);
  throw serializationError(`${tokenOf(value)} cannot be converted to ${type}`);
}

/** The name of a token in a JSON parser's errors. */
function tokenOf(value: Json): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  return value === true ? 'TRUE_VALUE' : 'FALSE_VALUE';
}

function booleanOf(value: Json): boolean {
  if (typeof value === 'boolean') return value;
  refuseCollection(value, 'java.lang.Boolean');
  if (typeof value === 'number') throw serializationError(`${tokenOf(value)} cannot be converted to Boolean`);
  const word = String(value).toUpperCase();
  if (['TRUE', '1', 'YES'].includes(word)) return true;
  if (['FALSE', '0', 'NO'].includes(word)) return false;
  throw serializationError('Unexpected token received from parser');
}

function blobOf(value: Json): string {
  refuseCollection(value, 'java.nio.ByteBuffer');
  if (typeof value !== 'string') {
    throw serializationError('only base-64-encoded strings are convertible to bytes');
  }
  if (value.length % 4 !== 0) {
    throw serializationError(
      `Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`,
    );
  }
  if (Buffer.from(value, 'base64').toString('base64') !== value) {
    throw serializationError('Invalid last non-pad Base64 character dectected');
  }
  return value;
}

function listOf(value: Json, isParameterized: boolean): Json[] {
  if (Array.isArray(value)) return value;
  if (isObject(value)) throw serializationError(STRUCTURE_EXPECTED);
  throw serializationError(isParameterized ? CLASS_CAST : 'Unexpected field type');
}

function mapOf(value: Json, holds: string, isParameterized: boolean): JsonObject {
  if (isObject(value)) return value;
  if (!Array.isArray(value)) throw serializationError(isParameterized ? CLASS_CAST : 'Unexpected field type');
  const name = holds.includes('.') ? holds : `com.amazonaws.dynamodb.v20120810.${holds}`;
  throw serializationError(`Unrecognized collection type java.util.Map<java.lang.String, ${name}>`);
}

function structureOf(value: Json, name: string, isMember: boolean): JsonObject {
  if (isObject(value)) return value;
  if (Array.isArray(value)) {
    throw serializationError(`Unrecognized collection type class com.amazonaws.dynamodb.v20120810.${name}`);
  }
  throw serializationError(isMember ? 'Unexpected field type' : 'Unexpected value type in payload');
}
