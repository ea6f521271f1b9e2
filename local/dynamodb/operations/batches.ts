/** `BatchGetItem` and `BatchWriteItem`. */
import type { Json, JsonObject } from '../../assembly/values/json';
import { attributesBytes, readAttributes } from '../attribute-value';
import { CapacityMeter } from '../capacity-meter';
import type { Database, ItemWrite } from '../database';
import { validationError } from '../dynamodb-error';
import { checkKey } from '../key';
import { MAX_ITEM_BYTES } from '../stored-item';
import type { Table } from '../table';
import { collectionOf } from './collection-metrics';
import { type Projected, projectionOf, refuseMixedProjection } from './projected';
import { checkItem, checkPaths, refuseTooLarge } from './write-request';

const MAX_READS = 100;
const MAX_WRITES = 25;
/** "A single operation can retrieve up to 16 MB of data": DynamoDB itself stops after its 1 MB and the item that passes it. */
const MAX_ANSWER_BYTES = 1024 * 1024 + MAX_ITEM_BYTES - 3;

const duplicates = () => validationError('Provided list of item keys contains duplicates');

export function batchGetItem(database: Database, input: JsonObject): JsonObject {
  refuseNone(input, 'BatchGetItem');
  const requests = Object.entries(input.RequestItems as JsonObject).map(([tableName, request]) => ({
    tableName,
    request: request as JsonObject,
  }));
  let count = 0;
  const projections = requests.map(({ request }) => {
    refuseMixedProjection(request);
    const projection = projectionOf(request);
    const seen = new Set<string>();
    for (const key of request.Keys as JsonObject[]) {
      const text = JSON.stringify(Object.entries(readAttributes(key)).sort(([a], [b]) => (a < b ? -1 : 1)));
      if (seen.has(text)) throw duplicates();
      seen.add(text);
      count += 1;
      if (count > MAX_READS) throw validationError('Too many items requested for the BatchGetItem call');
    }
    return projection;
  });
  const meter = new CapacityMeter(input.ReturnConsumedCapacity);
  const answer = new BatchAnswer(meter);
  for (const [index, { tableName, request }] of requests.entries()) {
    const table = database.table(tableName);
    const projection = projections[index] as Projected;
    checkPaths(projection.nestedNames, table);
    for (const key of request.Keys as JsonObject[]) checkKey(readAttributes(key), table.schema);
  }
  for (const [index, { tableName, request }] of requests.entries()) {
    answer.read(database.table(tableName), request, projections[index] as Projected);
  }
  return { Responses: answer.responses, UnprocessedKeys: answer.unprocessed, ...meter.several };
}

function refuseNone({ RequestItems }: JsonObject, operation: string): void {
  if (Object.keys(RequestItems as JsonObject).length > 0) return;
  throw validationError(`The requestItems parameter is required for ${operation}`);
}

/** Without a prototype, because a table's name may be `__proto__`. */
function byTableName(): JsonObject {
  return Object.create(null);
}

class BatchAnswer {
  readonly responses = byTableName();
  readonly unprocessed = byTableName();
  readonly #meter: CapacityMeter;
  #bytes = 0;

  constructor(meter: CapacityMeter) {
    this.#meter = meter;
  }

  read(table: Table, request: JsonObject, { projected }: Projected): void {
    const found: Json[] = [];
    const left: Json[] = [];
    const isConsistent = request.ConsistentRead === true;
    for (const key of request.Keys as JsonObject[]) {
      const item = table.find(readAttributes(key));
      if (item && this.#bytes + item.bytes > MAX_ANSWER_BYTES) {
        left.push(key);
        // DynamoDB charges for the lookup.
        this.#meter.read(table, 0, true);
        continue;
      }
      this.#bytes += item?.bytes ?? 0;
      this.#meter.read(table, item?.bytes ?? 0, isConsistent);
      if (item) found.push(projected(item.attributes));
    }
    this.responses[table.name] = found;
    if (left.length > 0) this.unprocessed[table.name] = { ...request, Keys: left };
  }
}

export function batchWriteItem(database: Database, input: JsonObject): JsonObject {
  refuseNone(input, 'BatchWriteItem');
  const requests = Object.entries(input.RequestItems as JsonObject) as [string, JsonObject[]][];
  let count = 0;
  for (const [, writes] of requests) {
    if (writes.some((write) => Object.keys(write).length !== 1)) {
      throw validationError(
        'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
      );
    }
    for (const { PutRequest, DeleteRequest } of writes) {
      if (PutRequest)
        refuseTooLarge(attributesBytes(readAttributes((PutRequest as JsonObject).Item as JsonObject)));
      if (DeleteRequest) readAttributes((DeleteRequest as JsonObject).Key as JsonObject);
      count += 1;
    }
  }
  if (count > MAX_WRITES) throw validationError('Too many items requested for the BatchWriteItem call');
  const perTable = requests.map(([tableName, writes]) => readWrites(database.table(tableName), writes));
  const meter = new CapacityMeter(input.ReturnConsumedCapacity);
  const metrics = byTableName();
  for (const writes of perTable) {
    for (const write of writes) {
      const [units] = database.write([write]);
      if (units) meter.wrote(write.table, units);
    }
    const collections = writes.flatMap(({ table, key }) => collectionOf(table, key) ?? []);
    const [first] = writes;
    if (first && collections.length > 0) metrics[first.table.name] = collections;
  }
  return {
    UnprocessedItems: {},
    ...meter.several,
    ...(input.ReturnItemCollectionMetrics === 'SIZE' &&
      Object.keys(metrics).length > 0 && { ItemCollectionMetrics: metrics }),
  };
}

function readWrites(
  table: Table,
  requests: JsonObject[],
): (ItemWrite & { key: JsonObject & Record<string, JsonObject> })[] {
  const seen = new Set<string>();
  return requests.map(({ PutRequest, DeleteRequest }) => {
    const put = PutRequest && readAttributes((PutRequest as JsonObject).Item as JsonObject);
    const attributes = put || readAttributes((DeleteRequest as JsonObject).Key as JsonObject);
    if (put) checkBatchItem(put, table);
    else checkKey(attributes, table.schema);
    const stored = table.stored(attributes);
    const { position } = stored;
    if (seen.has(position)) throw duplicates();
    seen.add(position);
    const before = table.items.get(position);
    return { table, position, before, item: put ? stored : undefined, key: attributes };
  });
}

/** The same as for single items, except for the words about keys. */
function checkBatchItem(item: Record<string, JsonObject>, table: Table): void {
  try {
    checkItem(item, table);
  } catch (error) {
    if (!/Missing the key|Type mismatch for key/.test((error as Error).message)) throw error;
    throw validationError('The provided key element does not match the schema');
  }
}
