/** Requests to write one item, alone or in a transaction: read and checked, then decided by the existing item. */
import type { Json } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import type { ItemWrite } from '../database';
import { validationError } from '../dynamodb-error';
import type { Path } from '../expressions/path';
import { checkIndexKey, checkItemKey, checkNestedNames } from '../key';
import { MAX_ITEM_BYTES, type StoredItem } from '../stored-item';
import type { Table } from '../table';

/** What to write, once the existing item is known. */
export interface DecidedWrite extends ItemWrite {
  /** What an update has changed. */
  updatedPaths: readonly Path[];
}

export interface WriteRequest {
  readonly table: Table;
  readonly key: Attributes;
  readonly position: string;
  /** @throws {DynamoDbError} if a condition is not met, or the result is not allowed */
  decide(before: StoredItem | undefined): DecidedWrite;
}

export const NO_PATHS: readonly Path[] = [];

/** @throws {DynamoDbError} if a put or a delete asks for more than the existing item */
export function refuseOtherReturnValues(returnValues: Json | undefined): void {
  if (returnValues === undefined || returnValues === 'NONE' || returnValues === 'ALL_OLD') return;
  throw validationError('ReturnValues can only be ALL_OLD or NONE');
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
  if (!nestedNames || nestedNames.size === 0) return;
  checkNestedNames(nestedNames, table.schema);
  for (const index of table.indexes) checkNestedNames(nestedNames, index.schema, 'IndexKey');
}
