/** A put, alone or in a transaction. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, attributesBytes, readAttributes } from '../attribute-value';
import type { Database } from '../database';
import type { StoredItem } from '../stored-item';
import type { Table } from '../table';
import { refuseMixture } from './expression-parameters';
import { readWriteExpressions, type WriteCondition } from './write-condition';
import {
  checkItem,
  checkPaths,
  type DecidedWrite,
  NO_PATHS,
  refuseOtherReturnValues,
  refuseTooLarge,
  type WriteRequest,
} from './write-request';

export class PutRequest implements WriteRequest {
  readonly table: Table;
  readonly #item: StoredItem;
  readonly #condition: WriteCondition;

  /** @throws {DynamoDbError} */
  static read(database: Database, input: JsonObject): PutRequest {
    refuseMixture(input, ['ConditionExpression'], ['Expected']);
    const item = readAttributes(input.Item as JsonObject);
    refuseOtherReturnValues(input.ReturnValues);
    const bytes = attributesBytes(item);
    refuseTooLarge(bytes);
    const { condition } = readWriteExpressions(input);
    const table = database.table(String(input.TableName));
    checkItem(item, table);
    checkPaths(condition.nestedNames, table);
    return new PutRequest(table, table.stored(item, bytes), condition);
  }

  private constructor(table: Table, item: StoredItem, condition: WriteCondition) {
    this.table = table;
    this.#item = item;
    this.#condition = condition;
  }

  get key(): Attributes {
    return this.#item.attributes;
  }

  get position(): string {
    return this.#item.position;
  }

  decide(before: StoredItem | undefined): DecidedWrite {
    this.#condition.check(before);
    return { table: this.table, position: this.position, before, item: this.#item, updatedPaths: NO_PATHS };
  }
}
