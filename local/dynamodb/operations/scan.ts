/** `Scan`: all items of a table or index, or of one of its segments. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import type { Database } from '../database';
import { validationError } from '../dynamodb-error';
import { indexPositionOf, keyAttributes, positionOf, segmentPosition, upTo } from '../key';
import { readConditions } from '../legacy-conditions';
import { placeholdersOf, refuseDuplicateNames, refuseMixture } from './expression-parameters';
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
import { readStartKey } from './query';
import { checkPaths } from './write-request';

export function scan(database: Database, input: JsonObject): JsonObject {
  refuseMixture(
    input,
    ['ProjectionExpression', 'FilterExpression'],
    ['AttributesToGet', 'ScanFilter', 'ConditionalOperator'],
  );
  refuseDuplicateNames(input);
  const legacyFilter = readConditions(input.ScanFilter);
  const startKey = readStartKey(input);
  const segment = segmentOf(input);
  const placeholders = placeholdersOf(input);
  const filter = readFilter(input, placeholders);
  const projected = readProjected(input, placeholders);
  placeholders.refuseUnused();
  refuseSelect(input, projected.paths);
  const table = database.table(String(input.TableName));
  const source = sourceOf(table, input);
  if (startKey) checkStartKey(startKey, source);
  refuseFetching(source);
  if (startKey) checkTableStartKey(startKey, table);
  let { from, to } = segment;
  if (startKey) {
    const at = source.index
      ? indexPositionOf(startKey, source.schema, table.schema)
      : positionOf(startKey, table.schema);
    if (at < from || at >= to) {
      throw validationError(
        `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${input.TotalSegments} Segment: ${input.Segment}`,
      );
    }
    from = upTo(at);
  }
  checkPaths(projected.nestedNames, table);
  checkPaths(filter?.nestedNames, table);
  return readPage({ source, input, from, to, filter, legacyFilter, projected });
}

const MAX_SEGMENTS = 1_000_000;

function segmentOf({ Segment: segment, TotalSegments: total }: JsonObject): { from: string; to: string } {
  if (total === undefined) {
    if (segment === undefined) return { from: '', to: upTo('') };
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    );
  }
  if (segment === undefined) {
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    );
  }
  const [at, count] = [Number(segment), Number(total)];
  if (at >= count) {
    throw validationError(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${at} is not less than TotalSegments: ${count}`,
    );
  }
  if (count > MAX_SEGMENTS) {
    throw validationError(
      `1 validation error detected: Value '${count}' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to ${MAX_SEGMENTS}`,
    );
  }
  return { from: at === 0 ? '' : segmentPosition(at, count), to: segmentPosition(at + 1, count) };
}

function checkStartKey(startKey: Attributes, source: PageSource): void {
  if (Object.keys(startKey).length !== startKeyNames(source).length) {
    throw validationError(
      source.index
        ? 'The provided starting key is invalid'
        : 'The provided starting key is invalid: The provided key element does not match the schema',
    );
  }
  if (!source.index) return;
  for (const attribute of keyAttributes(source.schema))
    checkIndexStartKey(startKey, attribute, source.schema);
}
