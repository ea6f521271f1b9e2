/** All operations, by name. */
import { isObject, type Json, type JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import { DynamoDbError, serializationError, unknownOperation } from '../dynamodb-error';
import { checkConstraints } from '../requests/constraints';
import { ITEM_REQUESTS } from '../requests/item-requests';
import { readFields } from '../requests/shape';
import { TABLE_REQUESTS } from '../requests/table-requests';
import { batchGetItem, batchWriteItem } from './batches';
import { deleteItem, getItem, putItem, updateItem } from './items';
import type { Operation, Run } from './operation';
import { query } from './query';
import { scan } from './scan';
import { checkTableName, requireTableName } from './table-definition';
import {
  describeEndpoints,
  describeLimits,
  describeTimeToLive,
  listTagsOfResource,
  tagResource,
  untagResource,
  updateTimeToLive,
} from './table-settings';
import { createTable, deleteTable, describeTable, listTables } from './tables';
import { transactGetItems, transactWriteItems } from './transactions';
import { updateTable } from './update-table';

const RUNS: Record<keyof typeof ITEM_REQUESTS | keyof typeof TABLE_REQUESTS, Run> = {
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DeleteItem: deleteItem,
  DeleteTable: deleteTable,
  DescribeEndpoints: describeEndpoints,
  DescribeLimits: describeLimits,
  DescribeTable: describeTable,
  DescribeTimeToLive: describeTimeToLive,
  GetItem: getItem,
  ListTables: listTables,
  ListTagsOfResource: listTagsOfResource,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TagResource: tagResource,
  TransactGetItems: transactGetItems,
  TransactWriteItems: transactWriteItems,
  UntagResource: untagResource,
  UpdateItem: updateItem,
  UpdateTable: updateTable,
  UpdateTimeToLive: updateTimeToLive,
};

/** Checks that precede all others. */
const FIRST_CHECKS = new Map<string, (input: JsonObject) => void>([
  ['CreateTable', requireTableName],
  ['DescribeTable', checkTableName],
  ['UpdateTable', checkTableName],
  ['DeleteTable', checkTableName],
  ['DescribeTimeToLive', checkTableName],
]);

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...ITEM_REQUESTS, ...TABLE_REQUESTS }).map(([name, fields]) => [
    name,
    { fields, run: RUNS[name as keyof typeof RUNS], checkFirst: FIRST_CHECKS.get(name) },
  ]),
);

/** Operations of DynamoDB that are not run here. */
const NOT_RUN =
  /^(?:(?:Batch)?ExecuteStatement|ExecuteTransaction|\w*(?:Backup|Backups|GlobalTable|GlobalTables|GlobalTableSettings|Export\w*|Exports|Import\w*|Imports|PointInTime\w*|ContinuousBackups|ContributorInsights|KinesisStreaming\w*|ReplicaAutoScaling|ResourcePolicy)|Restore\w+)$/;

/** The operation's response. @throws {DynamoDbError} */
export function execute(database: Database, name: string, body: Json): JsonObject {
  const operation = OPERATIONS.get(name);
  if (!operation) throw NOT_RUN.test(name) ? notRun(name) : unknownOperation();
  if (!isObject(body))
    throw serializationError(
      Array.isArray(body) ? 'Unrecognized collection type class com.amazonaws.dynamodb.v20120810' : '',
    );
  const input = readFields(body, operation.fields);
  operation.checkFirst?.(input);
  checkConstraints(input, operation.fields);
  return operation.run(database, input);
}

export function isOperation(name: string): boolean {
  return OPERATIONS.has(name) || NOT_RUN.test(name);
}

function notRun(name: string): DynamoDbError {
  return new DynamoDbError(
    'com.amazon.coral.service#UnsupportedOperation',
    `The built-in DynamoDB does not support ${name}. Use another DynamoDB that does: --dynamodb URL.`,
    { status: 501 },
  );
}
