/** The members of a request that its operation has. DynamoDB ignores all others. */
import { isObject, type Json, type JsonObject } from '../../assembly/values/json';
import { ITEM_REQUESTS } from './item-requests';
import { type Fields, membersOf, type Shape } from './shape';
import { TABLE_REQUESTS } from './table-requests';

const FIELDS: ReadonlyMap<string, Fields> = new Map(
  Object.entries<Fields>({ ...ITEM_REQUESTS, ...TABLE_REQUESTS }),
);

/** All members, in all depths, if the operation is not run here. Values of a wrong type stay as they are. */
export function knownMembers(operation: string, input: JsonObject): JsonObject {
  const fields = FIELDS.get(operation);
  return fields ? inFields(input, fields) : input;
}

function inFields(json: JsonObject, fields: Fields): JsonObject {
  const known: JsonObject = {};
  for (const [name, shape] of membersOf(fields)) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (value !== undefined) known[name] = inShape(value, shape);
  }
  return known;
}

function inShape(value: Json, shape: Shape): Json {
  if (shape.kind === 'structure') return isObject(value) ? inFields(value, shape.fields) : value;
  if (shape.kind !== 'list' && shape.kind !== 'map') return value;
  const { of } = shape;
  if (of.kind !== 'structure' && of.kind !== 'list' && of.kind !== 'map') return value;
  if (Array.isArray(value)) return value.map((one) => inShape(one, of));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inShape(one, of)]));
}
