/** A delete, alone or in a transaction. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, readAttributes } from '../attribute-value';
import type { Database } from '../database';
import { checkKey, positionOf } from '../key';
import type { StoredItem } from '../stored-item';
import type { Table } from '../table';
import { refuseMixture } from './expression-parameters';
import { readWriteExpressions, type WriteCondition } from './write-condition';
import {
  checkPaths,
  type DecidedWrite,
  NO_PATHS,
  refuseOtherReturnValues,
  type WriteRequest,
} from './write-request';

export class DeleteRequest implements WriteRequest {
  readonly position: string;
  readonly #condition: WriteCondition;

  /** @throws {DynamoDbError} */
  static read(database: Database, input: JsonObject): DeleteRequest {
    refuseMixture(input, ['ConditionExpression'], ['Expected']);
    const key = readAttributes(input.Key as JsonObject);
    refuseOtherReturnValues(input.ReturnValues);
    const { condition } = readWriteExpressions(input);
    const table = database.table(String(input.TableName));
    checkKey(key, table.schema);
    checkPaths(condition.nestedNames, table);
    return new DeleteRequest(table, key, condition);
  }

  private constructor(
    readonly table: Table,
    readonly key: Attributes,
    condition: WriteCondition,
  ) {
    this.position = positionOf(key, table.schema);
    this.#condition = condition;
  }

  decide(before: StoredItem | undefined): DecidedWrite {
    this.#condition.check(before);
    return { table: this.table, position: this.position, before, item: undefined, updatedPaths: NO_PATHS };
  }
}
