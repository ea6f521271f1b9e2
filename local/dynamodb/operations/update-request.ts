/** An update, alone or in a transaction. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, attributesBytes, readAttributes, typeOf } from '../attribute-value';
import type { Database } from '../database';
import { invalidForSchema, validationError } from '../dynamodb-error';
import { applyUpdate } from '../expressions/apply-update';
import type { Path } from '../expressions/path';
import type { UpdateAction } from '../expressions/update';
import { checkIndexKey, checkKey, keyAttributes, positionOf } from '../key';
import { applyLegacyUpdates, type LegacyUpdates, readLegacyUpdates } from '../legacy-updates';
import { MAX_ITEM_BYTES, type StoredItem, storedItem } from '../stored-item';
import type { Table } from '../table';
import { refuseMixture } from './expression-parameters';
import { readWriteExpressions, type WriteCondition } from './write-condition';
import { checkPaths, type DecidedWrite, type WriteRequest } from './write-request';

/** One of the two is empty. */
interface Changes {
  actions: readonly UpdateAction[];
  legacy: LegacyUpdates;
}

export class UpdateRequest implements WriteRequest {
  readonly position: string;
  readonly #changes: Changes;
  readonly #condition: WriteCondition;

  /** @throws {DynamoDbError} */
  static read(database: Database, input: JsonObject): UpdateRequest {
    refuseMixture(input, ['UpdateExpression', 'ConditionExpression'], ['AttributeUpdates', 'Expected']);
    const key = readAttributes(input.Key as JsonObject);
    const legacy = readLegacyUpdates(input.AttributeUpdates);
    const { condition, update } = readWriteExpressions(input);
    const table = database.table(String(input.TableName));
    checkKey(key, table.schema);
    const changes = { actions: update?.actions ?? [], legacy };
    refuseKeyUpdates(changes, table);
    refuseIndexTypes(changes, table);
    checkPaths(update?.nestedNames, table);
    checkPaths(condition.nestedNames, table);
    return new UpdateRequest(table, key, changes, condition);
  }

  private constructor(
    readonly table: Table,
    readonly key: Attributes,
    changes: Changes,
    condition: WriteCondition,
  ) {
    this.position = positionOf(key, table.schema);
    this.#changes = changes;
    this.#condition = condition;
  }

  decide(before: StoredItem | undefined): DecidedWrite {
    const { table, position } = this;
    const { actions, legacy } = this.#changes;
    this.#condition.check(before);
    const existing = before?.attributes ?? this.key;
    const attributes =
      actions.length > 0 ? applyUpdate(existing, actions) : applyLegacyUpdates(existing, legacy);
    refuseUnsupportedIndexKeys(actions, attributes, table);
    const bytes = attributesBytes(attributes);
    if (bytes > MAX_ITEM_BYTES) {
      throw validationError('Item size to update has exceeded the maximum allowed size');
    }
    for (const index of table.indexes) checkIndexKey(attributes, index.schema, index.name);
    const item = storedItem(position, attributes, bytes);
    return { table, position, before, item, updatedPaths: updatedPathsOf(this.#changes) };
  }
}

function updatedPathsOf({ actions, legacy }: Changes): Path[] {
  return actions.length > 0 ? actions.map(({ path }) => path) : [...legacy.keys()].map((name) => [name]);
}

function refuseKeyUpdates({ actions, legacy }: Changes, table: Table): void {
  const names = [...actions.map(({ path }) => String(path[0])), ...legacy.keys()];
  const key = keyAttributes(table.schema).find(({ name }) => names.includes(name));
  if (!key) return;
  throw invalidForSchema(`Cannot update attribute ${key.name}. This attribute is part of the key`);
}

/** As far as the request alone reveals the types. */
function refuseIndexTypes({ actions, legacy }: Changes, table: Table): void {
  for (const index of table.indexes) {
    for (const { name, type } of keyAttributes(index.schema)) {
      const action = actions.find(({ path }) => path.length === 1 && path[0] === name);
      const value = legacy.get(name)?.value;
      const actual = action && action.kind !== 'remove' ? action.type : value && typeOf(value);
      if (actual === undefined || actual === type) continue;
      throw invalidForSchema(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${actual} IndexName: ${index.name}`,
      );
    }
  }
}

/** Types that are only known after the expression was applied. */
function refuseUnsupportedIndexKeys(
  actions: readonly UpdateAction[],
  attributes: Attributes,
  table: Table,
): void {
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
