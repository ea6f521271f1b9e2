/** `Query`: items of one partition, in the order of their sort keys. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, areEqual, readAttributes } from '../attribute-value';
import type { Database } from '../database';
import { DynamoDbError, validationError } from '../dynamodb-error';
import { passes } from '../expressions/evaluate';
import { indexPositionOf, keyAttributes, positionOf, upTo } from '../key';
import { type LegacyConditions, readConditions } from '../legacy-conditions';
import { placeholdersOf, refuseDuplicateNames, refuseMixture } from './expression-parameters';
import { checkKeyConditions, keyConditionsOf, keyRange, readKeyCondition } from './key-condition';
import {
  checkIndexStartKey,
  checkTableStartKey,
  type PageSource,
  readFilter,
  readPage,
  refuseFetching,
  refuseSelect,
  sourceOf,
  startKeyNames,
} from './page';
import { readProjected } from './projected';
import { checkPaths } from './write-request';

export function query(database: Database, input: JsonObject): JsonObject {
  refuseMixture(
    input,
    ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression'],
    ['AttributesToGet', 'QueryFilter', 'ConditionalOperator', 'KeyConditions'],
  );
  const legacyFilter = readConditions(input.QueryFilter);
  refuseDuplicateNames(input);
  const startKey = readStartKey(input);
  if (input.KeyConditions === undefined && input.KeyConditionExpression === undefined) {
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  const placeholders = placeholdersOf(input);
  const keyCondition = readKeyCondition(input, placeholders);
  const filter = readFilter(input, placeholders);
  const projected = readProjected(input, placeholders);
  placeholders.refuseUnused();
  const conditions = keyConditionsOf(input, keyCondition);
  if (conditions.size !== 1 && conditions.size !== 2) {
    throw validationError('Conditions can be of length 1 or 2 only');
  }
  refuseSelect(input, projected.paths);
  const table = database.table(String(input.TableName));
  const source = sourceOf(table, input);
  if (startKey && Object.keys(startKey).length !== startKeyNames(source).length) {
    throw validationError('The provided starting key is invalid');
  }
  checkKeyConditions(conditions, source.schema, (attribute) => {
    if (startKey) checkIndexStartKey(startKey, attribute, source.schema);
  });
  if (startKey) checkWithin(startKey, conditions, source);
  checkPaths(projected.nestedNames, table);
  refuseKeyFilter(source, filter?.firstNames ?? new Set(legacyFilter.keys()), filter !== undefined);
  refuseFetching(source);
  checkPaths(filter?.nestedNames, table);
  let [from, to] = keyRange(conditions, source.schema);
  if (startKey) {
    const at = source.index
      ? indexPositionOf(startKey, source.schema, table.schema)
      : positionOf(startKey, table.schema);
    if (input.ScanIndexForward === false) to = at;
    else from = upTo(at);
  }
  return readPage({ source, input, from, to, filter, legacyFilter, projected });
}

const WORDED_ALONE = /contains duplicates|number set|numeric value|significant digits|number with magnitude/;

/** @throws {DynamoDbError} if it contains something other than values */
export function readStartKey({ ExclusiveStartKey: key }: JsonObject): Attributes | undefined {
  if (key === undefined) return undefined;
  try {
    return readAttributes(key as JsonObject);
  } catch (error) {
    if (!(error instanceof DynamoDbError) || WORDED_ALONE.test(error.message)) throw error;
    throw validationError(`The provided starting key is invalid: ${error.message}`);
  }
}

function checkWithin(
  startKey: Attributes,
  conditions: LegacyConditions,
  { table, schema }: PageSource,
): void {
  checkTableStartKey(startKey, table);
  const [partition, sort] = schema;
  const isOfPartition = areEqual(startKey[partition.name], conditions.get(partition.name)?.values[0]);
  const range = sort && conditions.get(sort.name);
  if (!range) {
    if (isOfPartition) return;
    throw validationError(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
  }
  if (!passes(range.comparator, startKey[sort.name], range.values)) {
    throw validationError('The provided starting key does not match the range key predicate');
  }
  if (!isOfPartition) {
    throw validationError('The query can return at most one row and cannot be restarted');
  }
}

function refuseKeyFilter({ schema }: PageSource, names: ReadonlySet<string>, isExpression: boolean): void {
  const key = keyAttributes(schema).find(({ name }) => names.has(name));
  if (!key) return;
  throw validationError(
    `${isExpression ? 'Filter Expression' : 'QueryFilter'} can only contain non-primary key attributes: Primary key attribute: ${key.name}`,
  );
}
