/** `GetItem`, `PutItem`, `UpdateItem` and `DeleteItem`. */
import type { JsonObject } from '../../assembly/values/json';
import { type Attributes, readAttributes } from '../attribute-value';
import { CapacityMeter } from '../capacity-meter';
import type { Database } from '../database';
import { project } from '../expressions/path';
import { checkKey } from '../key';
import type { StoredItem } from '../stored-item';
import { collectionMetrics } from './collection-metrics';
import { DeleteRequest } from './delete-request';
import { projectionOf, refuseMixedProjection } from './projected';
import { PutRequest } from './put-request';
import { UpdateRequest } from './update-request';
import { checkPaths, type DecidedWrite, type WriteRequest } from './write-request';

export function getItem(database: Database, input: JsonObject): JsonObject {
  refuseMixedProjection(input);
  const key = readAttributes(input.Key as JsonObject);
  const { projected, nestedNames } = projectionOf(input);
  const table = database.table(String(input.TableName));
  checkKey(key, table.schema);
  checkPaths(nestedNames, table);
  const item = table.find(key);
  const meter = new CapacityMeter(input.ReturnConsumedCapacity);
  meter.read(table, item?.bytes ?? 0, input.ConsistentRead === true);
  return { ...(item && { Item: projected(item.attributes) }), ...meter.one };
}

export function putItem(database: Database, input: JsonObject): JsonObject {
  return write(database, input, PutRequest.read(database, input));
}

export function updateItem(database: Database, input: JsonObject): JsonObject {
  return write(database, input, UpdateRequest.read(database, input));
}

export function deleteItem(database: Database, input: JsonObject): JsonObject {
  return write(database, input, DeleteRequest.read(database, input));
}

function write(database: Database, input: JsonObject, request: WriteRequest): JsonObject {
  const { table, key, position } = request;
  const decided = request.decide(table.items.get(position));
  const [units] = database.write([decided]);
  const meter = new CapacityMeter(input.ReturnConsumedCapacity);
  if (units) meter.wrote(table, units);
  const attributes = returned(input, decided);
  return {
    ...(attributes && { Attributes: attributes }),
    ...meter.one,
    ...(input.ReturnItemCollectionMetrics === 'SIZE' && collectionMetrics(table, key)),
  };
}

function returned({ ReturnValues }: JsonObject, decided: DecidedWrite): Attributes | undefined {
  const { before, item } = decided;
  switch (ReturnValues) {
    case 'ALL_OLD':
      return before?.attributes;
    case 'ALL_NEW':
      return item?.attributes;
    case 'UPDATED_OLD':
      return before && updatedParts(before, decided);
    case 'UPDATED_NEW':
      return updatedParts(item, decided);
    default:
      return undefined;
  }
}

function updatedParts(item: StoredItem | undefined, { updatedPaths }: DecidedWrite): Attributes {
  return item ? project(item.attributes, updatedPaths) : {};
}
