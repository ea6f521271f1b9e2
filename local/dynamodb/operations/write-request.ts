/** Requests to write one item, alone or in a transaction: read and checked, then decided by the existing item. */
import { isObject, type JsonObject } from '../../assembly/values/json';
import {
  type Attributes,
  type AttributeValue,
  attributesBytes,
  readAttributes,
  readValue,
  typeOf,
} from '../attribute-value';
import type { Database, ItemWrite } from '../database';
import { conditionFailed, invalidParameter, validationError } from '../dynamodb-error';
import { applyUpdate } from '../expressions/apply-update';
import { readCondition } from '../expressions/condition';
import { meets } from '../expressions/evaluate';
import { type Path, project } from '../expressions/path';
import type { Placeholders } from '../expressions/placeholders';
import { readUpdate, type UpdateAction } from '../expressions/update';
import { checkIndexKey, checkItemKey, checkKey, checkNestedNames, keyAttributes, positionOf } from '../key';
import { meetsConditions, readExpected } from '../legacy-conditions';
import { addToAttribute, removeFromAttribute } from '../legacy-updates';
import { MAX_ITEM_BYTES, type StoredItem, storedItem } from '../stored-item';
import type { Table } from '../table';
import { placeholdersOf, refuseMixture } from './expression-parameters';

/** What to write, once the existing item is known. */
export interface DecidedWrite extends ItemWrite {
  before: StoredItem | undefined;
  /** The allowed values of `ReturnValues` for an update. */
  updatedPaths: Path[];
}

export interface WriteRequest {
  table: Table;
  key: Attributes;
  position: string;
  /** @throws {DynamoDbError} if a condition is not met, or the result is not allowed */
  decide(before: StoredItem | undefined): DecidedWrite;
}

type Check = (before: StoredItem | undefined) => void;

/** @throws {DynamoDbError} */
export function readPut(database: Database, input: JsonObject): WriteRequest {
  refuseMixture(input, ['ConditionExpression'], ['Expected']);
  const item = readAttributes(input.Item as JsonObject);
  if (!['NONE', 'ALL_OLD', undefined].includes(input.ReturnValues as string | undefined)) {
    throw validationError('ReturnValues can only be ALL_OLD or NONE');
  }
  const bytes = attributesBytes(item);
  refuseTooLarge(bytes);
  const { check, nestedNames } = readCheck(input);
  const table = database.table(String(input.TableName));
  checkItem(item, table);
  checkPaths(nestedNames, table);
  const stored = table.stored(item, bytes);
  return {
    ...{ table, key: item, position: stored.position },
    decide(before) {
      check(before);
      return { table, position: stored.position, item: stored, before, updatedPaths: [] };
    },
  };
}

/** @throws {DynamoDbError} */
export function readDelete(database: Database, input: JsonObject): WriteRequest {
  refuseMixture(input, ['ConditionExpression'], ['Expected']);
  const key = readAttributes(input.Key as JsonObject);
  if (!['NONE', 'ALL_OLD', undefined].includes(input.ReturnValues as string | undefined)) {
    throw validationError('ReturnValues can only be ALL_OLD or NONE');
  }
  const { check, nestedNames } = readCheck(input);
  const table = database.table(String(input.TableName));
  checkKey(key, table.schema);
  checkPaths(nestedNames, table);
  const position = positionOf(key, table.schema);
  return {
    ...{ table, key, position },
    decide(before) {
      check(before);
      return { table, position, item: undefined, before, updatedPaths: [] };
    },
  };
}

/** @throws {DynamoDbError} */
export function readUpdateRequest(database: Database, input: JsonObject): WriteRequest {
  refuseMixture(input, ['UpdateExpression', 'ConditionExpression'], ['AttributeUpdates', 'Expected']);
  const key = readAttributes(input.Key as JsonObject);
  const legacy = readLegacyUpdates(input);
  const { check, nestedNames, update } = readCheck(input);
  const table = database.table(String(input.TableName));
  checkKey(key, table.schema);
  const actions = update?.actions ?? [];
  refuseKeyUpdates([...actions.map(({ path }) => String(path[0])), ...legacy.keys()], table);
  refuseIndexTypes(actions, legacy, table);
  checkPaths(update?.nestedNames, table);
  checkPaths(nestedNames, table);
  const position = positionOf(key, table.schema);
  return {
    ...{ table, key, position },
    decide(before) {
      check(before);
      const existing = before?.attributes ?? key;
      const attributes = update ? applyUpdate(existing, actions) : applyLegacy(existing, legacy);
      refuseUnsupportedIndexKeys(actions, attributes, table);
      const bytes = attributesBytes(attributes);
      if (bytes > MAX_ITEM_BYTES) {
        throw validationError('Item size to update has exceeded the maximum allowed size');
      }
      for (const index of table.indexes) checkIndexKey(attributes, index.schema, index.name);
      const updatedPaths = update
        ? actions.map(({ path }) => path)
        : [...legacy.keys()].map((name) => [name]);
      return { table, position, item: storedItem(position, attributes, bytes), before, updatedPaths };
    },
  };
}

/** The parts that an update has changed. */
export function updatedParts(item: StoredItem | undefined, { updatedPaths }: DecidedWrite): Attributes {
  return item ? project(item.attributes, updatedPaths) : {};
}

export function refuseTooLarge(bytes: number): void {
  if (bytes > MAX_ITEM_BYTES) {
    throw validationError('Item size has exceeded the maximum allowed size');
  }
}

/** @throws {DynamoDbError} if the table cannot store the item */
export function checkItem(item: Attributes, table: Table): void {
  checkItemKey(item, table.schema);
  for (const index of table.indexes) checkIndexKey(item, index.schema, index.name);
}

/** @throws {DynamoDbError} if an expression leads into a key attribute */
export function checkPaths(nestedNames: ReadonlySet<string> | undefined, table: Table): void {
  checkNestedNames(nestedNames, table.schema);
  for (const index of table.indexes) checkNestedNames(nestedNames, index.schema, 'IndexKey');
}

/** The request's condition and, for an update, its expression. */
export function readCheck(input: JsonObject): {
  check: Check;
  nestedNames?: ReadonlySet<string>;
  update?: { actions: UpdateAction[]; nestedNames: ReadonlySet<string> };
} {
  const expected = readExpected(input.Expected);
  const placeholders = placeholdersOf(input);
  const update =
    input.UpdateExpression === undefined
      ? undefined
      : readUpdate(String(input.UpdateExpression), placeholders);
  const { holds, nestedNames } = readHolds(input, placeholders, (item) =>
    meetsConditions(item, expected, input.ConditionalOperator),
  );
  placeholders.refuseUnused();
  const returnsOld = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
  return {
    ...(nestedNames && { nestedNames }),
    ...(update && { update }),
    check(before) {
      if (holds(before?.attributes ?? {})) return;
      throw conditionFailed(returnsOld && before ? { Item: before.attributes } : {});
    },
  };
}

function readHolds(
  input: JsonObject,
  placeholders: Placeholders,
  legacy: (item: Attributes) => boolean,
): { holds: (item: Attributes) => boolean; nestedNames?: ReadonlySet<string> } {
  if (input.ConditionExpression === undefined) return { holds: legacy };
  const { condition, nestedNames } = readCondition(
    'ConditionExpression',
    String(input.ConditionExpression),
    placeholders,
  );
  return { holds: (item) => meets(item, condition), nestedNames };
}

interface LegacyUpdate {
  action: string;
  value: AttributeValue | undefined;
}

type LegacyUpdates = Map<string, LegacyUpdate>;

const SETS = ['SS', 'NS', 'BS'];
const ADDABLE = [...SETS, 'N', 'L'];

function readLegacyUpdates(input: JsonObject): LegacyUpdates {
  const updates: LegacyUpdates = new Map();
  const given = isObject(input.AttributeUpdates) ? input.AttributeUpdates : {};
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

function applyLegacy(item: Attributes, updates: LegacyUpdates): Attributes {
  let updated = item;
  for (const [name, { action, value }] of updates) {
    if (action === 'ADD' && value) updated = addToAttribute(updated, name, value);
    else if (action === 'DELETE') updated = removeFromAttribute(updated, name, value);
    else if (value) updated = { ...updated, [name]: value };
  }
  return updated;
}

function refuseKeyUpdates(names: string[], table: Table): void {
  const key = keyAttributes(table.schema).find(({ name }) => names.includes(name));
  if (!key) return;
  throw invalidParameter(`Cannot update attribute ${key.name}. This attribute is part of the key`);
}

/** As far as the request alone reveals the types. */
function refuseIndexTypes(actions: UpdateAction[], legacy: LegacyUpdates, table: Table): void {
  for (const index of table.indexes) {
    for (const { name, type } of keyAttributes(index.schema)) {
      const action = actions.find(({ path }) => path.length === 1 && path[0] === name);
      const value = legacy.get(name)?.value;
      const actual = action && action.kind !== 'remove' ? action.type : value && typeOf(value);
      if (actual === undefined || actual === type) continue;
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${actual} IndexName: ${index.name}`,
      );
    }
  }
}

/** Types that are only known after the expression was applied. */
function refuseUnsupportedIndexKeys(actions: UpdateAction[], attributes: Attributes, table: Table): void {
  for (const index of table.indexes) {
    for (const { name, type } of keyAttributes(index.schema)) {
      const isSet = actions.some(({ kind, path }) => kind === 'set' && path.length === 1 && path[0] === name);
      if (!isSet || attributes[name]?.[type] !== undefined) continue;
      throw validationError(
        'The update expression attempted to update the secondary index key to unsupported type',
      );
    }
  }
}
