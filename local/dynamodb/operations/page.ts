/** One page of a query or scan: items in order, up to the limit or 1 MB. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import { CapacityMeter } from '../capacity-meter';
import { invalidParameter, validationError } from '../dynamodb-error';
import type { ConditionExpression } from '../expressions/condition';
import { readCondition } from '../expressions/condition';
import { meets } from '../expressions/evaluate';
import type { Placeholders } from '../expressions/placeholders';
import { checkKey, checkKeyAttribute, type KeyAttribute, type KeySchema, keyAttributes } from '../key';
import { type LegacyConditions, meetsConditions } from '../legacy-conditions';
import type { SecondaryIndex } from '../secondary-index';
import { pageBytes, type StoredItem } from '../stored-item';
import type { Table } from '../table';
import type { Projected } from './projected';

const MAX_PAGE_BYTES = 1024 * 1024;

export interface PageSource {
  table: Table;
  index: SecondaryIndex | undefined;
  schema: KeySchema;
  /** All attributes are requested from an index that does not have them all. */
  fetchesItems: boolean;
}

/** @throws {DynamoDbError} if there is no such index, or it cannot be read in this way */
export function sourceOf(table: Table, input: JsonObject): PageSource {
  const index = input.IndexName === undefined ? undefined : table.index(String(input.IndexName));
  if (index?.isGlobal && input.ConsistentRead === true) {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  const fetchesItems = input.Select === 'ALL_ATTRIBUTES' && index !== undefined && !index.projectsAll;
  return { table, index, schema: index?.schema ?? table.schema, fetchesItems };
}

/** @throws {DynamoDbError} if all attributes are requested from an index that cannot fetch them */
export function refuseFetching({ index, fetchesItems }: PageSource): void {
  if (!fetchesItems || !index?.isGlobal) return;
  throw invalidParameter(
    `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
  );
}

/** @throws {DynamoDbError} if the request selects attributes in two ways */
export function refuseSelect(input: JsonObject, paths: unknown): void {
  const { Select: select } = input;
  const parameter = input.ProjectionExpression === undefined ? 'AttributesToGet' : 'ProjectionExpression';
  if (paths && select !== undefined && select !== 'SPECIFIC_ATTRIBUTES') {
    throw validationError(
      `Cannot specify the ${parameter} when choosing to get ${select === 'COUNT' ? 'only the Count' : select}`,
    );
  }
  if (!paths && select === 'SPECIFIC_ATTRIBUTES') {
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  }
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && input.IndexName === undefined) {
    throw invalidParameter('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  }
}

/** The names in the key of a page's last item. */
export function startKeyNames({ table, schema }: PageSource): string[] {
  return [...new Set([...keyAttributes(table.schema), ...keyAttributes(schema)].map(({ name }) => name))];
}

/** @throws {DynamoDbError} if the table's part of it is invalid */
export function checkTableStartKey(startKey: Attributes, table: Table): void {
  const names = keyAttributes(table.schema).map(({ name }) => name);
  const key = Object.fromEntries(Object.entries(startKey).filter(([name]) => names.includes(name)));
  try {
    checkKey(key, table.schema);
  } catch (error) {
    throw validationError(`The provided starting key is invalid: ${(error as Error).message}`);
  }
}

/** @throws {DynamoDbError} if it lacks this attribute of the index's key */
export function checkIndexStartKey(
  startKey: Attributes,
  attribute: KeyAttribute,
  [partition]: KeySchema,
): void {
  if (!Object.hasOwn(startKey, attribute.name)) throw validationError('The provided starting key is invalid');
  checkKeyAttribute(startKey, attribute, attribute === partition);
}

export function readFilter(input: JsonObject, placeholders: Placeholders): ConditionExpression | undefined {
  return input.FilterExpression === undefined
    ? undefined
    : readCondition('FilterExpression', String(input.FilterExpression), placeholders);
}

export interface PageRequest {
  source: PageSource;
  input: JsonObject;
  from: string;
  to: string;
  filter: ConditionExpression | undefined;
  legacyFilter: LegacyConditions;
  projected: Projected;
}

export function readPage({ source, input, from, to, ...asked }: PageRequest): JsonObject {
  const { table, index, fetchesItems } = source;
  const limit = (input.Limit as number | undefined) ?? Number.POSITIVE_INFINITY;
  const sortKey = table.schema[1]?.name;
  const read: StoredItem[] = [];
  let bytes = 0;
  for (const item of (index ?? table).items.range(from, to, input.ScanIndexForward === false)) {
    if (read.length >= limit || bytes >= MAX_PAGE_BYTES) break;
    read.push(item);
    bytes += pageBytes(item, sortKey);
  }
  const isCut = read.length >= limit || bytes >= MAX_PAGE_BYTES;
  const last = isCut ? read.at(-1) : undefined;
  const whole = fetchesItems ? read.map(({ attributes }) => table.find(attributes) as StoredItem) : read;
  const items = whole.map(({ attributes }) => attributes).filter((item) => passesFilters(item, input, asked));
  return {
    ...(input.Select !== 'COUNT' && { Items: items.map((item) => asked.projected.projected(item)) }),
    ...{ Count: items.length, ScannedCount: read.length },
    ...(last && { LastEvaluatedKey: pick(last.attributes, startKeyNames(source)) }),
    ...consumed(source, input, read, whole),
  };
}

function passesFilters(
  item: Attributes,
  { ConditionalOperator }: JsonObject,
  { filter, legacyFilter }: Pick<PageRequest, 'filter' | 'legacyFilter'>,
): boolean {
  return filter ? meets(item, filter.condition) : meetsConditions(item, legacyFilter, ConditionalOperator);
}

function consumed(
  { table, index, fetchesItems }: PageSource,
  { ReturnConsumedCapacity, ConsistentRead }: JsonObject,
  read: StoredItem[],
  whole: StoredItem[],
): JsonObject {
  const isConsistent = ConsistentRead === true;
  const meter = new CapacityMeter(ReturnConsumedCapacity);
  if (!index) meter.read(table, bytesOf(read), isConsistent);
  else {
    meter.read(table, bytesOf(read), isConsistent, index);
    if (fetchesItems) meter.read(table, bytesOf(whole), isConsistent);
  }
  return meter.one;
}

function bytesOf(items: StoredItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function pick(item: Attributes, names: string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, item[name] ?? {}]));
}
