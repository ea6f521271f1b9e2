/** An operation: the shape of its request, and what it does. */
import type { JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import type { Fields } from '../requests/shape';

/** @throws {DynamoDbError} to refuse */
export type Run = (database: Database, input: JsonObject) => JsonObject;

export interface Operation {
  fields: Fields;
  run: Run;
  /** A check that precedes all others. @throws {DynamoDbError} */
  checkFirst?: ((input: JsonObject) => void) | undefined;
}
