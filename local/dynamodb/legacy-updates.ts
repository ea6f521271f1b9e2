/** `AttributeUpdates`, from before expressions. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import {
  type Attributes,
  type AttributeValue,
  attributeOf,
  elements,
  readValue,
  typeOf,
} from './attribute-value';
import { invalidParameter, validationError } from './dynamodb-error';
import { added, withoutElements } from './expressions/apply-update';

interface LegacyUpdate {
  action: string;
  value: AttributeValue | undefined;
}

/** By attribute name. */
export type LegacyUpdates = ReadonlyMap<string, LegacyUpdate>;

const NONE: LegacyUpdates = new Map();

const SETS = ['SS', 'NS', 'BS'];
const ADDABLE = [...SETS, 'N', 'L'];

/** @throws {DynamoDbError} if an action does not go with its value */
export function readLegacyUpdates(given: Json | undefined): LegacyUpdates {
  if (!isObject(given)) return NONE;
  const updates = new Map<string, LegacyUpdate>();
  for (const [name, update] of Object.entries(given)) {
    const { Action = 'PUT', Value } = update as JsonObject;
    const value = Value === undefined ? undefined : readValue(Value);
    const action = String(Action);
    if (!value && action !== 'DELETE') {
      throw invalidParameter('Only DELETE action is allowed when no attribute value is specified');
    }
    const type = value && typeOf(value);
    if (type && action === 'DELETE' && !SETS.includes(type)) {
      throw invalidParameter(`DELETE action with value is not supported for the type ${type}`);
    }
    if (type && action === 'ADD' && !ADDABLE.includes(type)) {
      throw invalidParameter(`ADD action is not supported for the type ${type}`);
    }
    updates.set(name, { action, value });
  }
  return updates;
}

/** @throws {DynamoDbError} if an attribute has another type */
export function applyLegacyUpdates(item: Attributes, updates: LegacyUpdates): Attributes {
  let updated = item;
  for (const [name, { action, value }] of updates) {
    if (action === 'ADD' && value) updated = addToAttribute(updated, name, value);
    else if (action === 'DELETE') updated = removeFromAttribute(updated, name, value);
    else if (value) updated = { ...updated, [name]: value };
  }
  return updated;
}

function addToAttribute(item: Attributes, name: string, value: AttributeValue): Attributes {
  const existing = sameType(attributeOf(item, name), value);
  const more: Json[] = value.L === undefined ? [] : elements(value.L);
  const sum =
    value.L === undefined ? added(existing, value) : { L: [...elements(existing?.L ?? []), ...more] };
  return { ...item, [name]: sum };
}

/** Removes the attribute, or these elements of it. */
function removeFromAttribute(item: Attributes, name: string, value: AttributeValue | undefined): Attributes {
  const existing = attributeOf(item, name);
  const left = value && withoutElements(sameType(existing, value), value);
  if (left) return { ...item, [name]: left };
  const { [name]: _removed, ...rest } = item;
  return rest;
}

function sameType(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  if (!existing || typeOf(existing) === typeOf(value)) return existing;
  throw validationError('Type mismatch for attribute to update');
}
