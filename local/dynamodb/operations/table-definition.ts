/** The rules of `CreateTable`. */
import type { JsonObject } from '../../assembly/values/json';
import { invalidParameter, validationError } from '../dynamodb-error';

const MAX_UNITS = 1_000_000_000_000;
const MAX_LOCAL_INDEXES = 5;
const MAX_GLOBAL_INDEXES = 20;

/** @throws {DynamoDbError} if the name is missing */
export function requireTableName({ TableName: name }: JsonObject): void {
  if (name !== undefined) return;
  throw validationError("The parameter 'TableName' is required but was not present in the request");
}

/** @throws {DynamoDbError} if the name is missing, too short or too long */
export function checkTableName(input: JsonObject): string {
  requireTableName(input);
  const { TableName: name } = input;
  if (String(name).length < 3 || String(name).length > 255) {
    throw validationError('TableName must be at least 3 characters long and at most 255 characters long');
  }
  return String(name);
}

/** @throws {DynamoDbError} */
export function checkThroughput({ ProvisionedThroughput: throughput }: JsonObject): void {
  for (const name of ['ReadCapacityUnits', 'WriteCapacityUnits']) {
    const units = Number((throughput as JsonObject | undefined)?.[name] ?? 0);
    if (units > MAX_UNITS) throw validationError(`Given value ${units} for ${name} is out of bounds`);
  }
}

/** @throws {DynamoDbError} */
export function checkDefinition(input: JsonObject): void {
  const { BillingMode: mode, ProvisionedThroughput: throughput } = input;
  if (mode === 'PAY_PER_REQUEST' && throughput) {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
  if (mode !== 'PAY_PER_REQUEST' && !throughput) {
    throw invalidParameter(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    );
  }
  checkThroughput(input);
  const defined = definedNames(input);
  const key = input.KeySchema as JsonObject[];
  if (key.length > defined.length) {
    throw validationError('Invalid KeySchema: Some index key attribute have no definition');
  }
  checkKeySchema(key, defined);
  const local = input.LocalSecondaryIndexes as JsonObject[] | undefined;
  const global = input.GlobalSecondaryIndexes as JsonObject[] | undefined;
  if (!local && !global && key.length !== defined.length) throw unusedDefinitions();
  const names = new Set<string>();
  if (local) checkLocalIndexes(local, key, defined, names);
  if (global) checkGlobalIndexes(global, defined, names, mode === 'PAY_PER_REQUEST');
  const used = new Set([key, ...[...(local ?? []), ...(global ?? [])].map(keyOf)].flat().map(nameOf));
  if (defined.some((name) => !used.has(name))) throw unusedDefinitions();
  checkStream(input);
}

/** @throws {DynamoDbError} */
export function checkStream({ StreamSpecification }: JsonObject): void {
  if (!StreamSpecification) return;
  const { StreamEnabled, StreamViewType } = StreamSpecification as JsonObject;
  if (StreamEnabled && StreamViewType === undefined) {
    throw invalidParameter('StreamViewType is required when StreamEnabled is true');
  }
  if (!StreamEnabled && StreamViewType !== undefined) {
    throw invalidParameter('StreamViewType must not be specified when StreamEnabled is false');
  }
}

/** @throws {DynamoDbError} */
export function checkGlobalIndexes(
  indexes: JsonObject[],
  defined: string[],
  names: Set<string>,
  isOnDemand: boolean,
): void {
  if (indexes.length === 0) throw invalidParameter('List of GlobalSecondaryIndexes is empty');
  for (const index of indexes) {
    checkKeySchema(keyOf(index), defined);
    checkProjection(index);
    if (isOnDemand && index.ProvisionedThroughput) {
      throw invalidParameter(
        `ProvisionedThroughput should not be specified for index: ${index.IndexName} when BillingMode is PAY_PER_REQUEST`,
      );
    }
    addName(index, names);
  }
  if (indexes.length > MAX_GLOBAL_INDEXES) {
    throw invalidParameter('GlobalSecondaryIndex count exceeds the per-table limit of 20');
  }
}

function checkLocalIndexes(
  indexes: JsonObject[],
  tableKey: JsonObject[],
  defined: string[],
  names: Set<string>,
): void {
  if (indexes.length === 0) throw invalidParameter('List of LocalSecondaryIndexes is empty');
  if (tableKey.length !== 2) {
    throw invalidParameter(
      'Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex',
    );
  }
  for (const index of indexes) {
    const key = keyOf(index);
    checkKeySchema(key, defined);
    const [partition, sort] = key;
    if (!sort) {
      throw invalidParameter(`Index KeySchema does not have a range key for index: ${index.IndexName}`);
    }
    if (partition?.AttributeName !== tableKey[0]?.AttributeName) {
      throw invalidParameter(
        `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${index.IndexName}. index hash key: ${partition?.AttributeName}, table hash key: ${tableKey[0]?.AttributeName}`,
      );
    }
    checkProjection(index);
    addName(index, names);
  }
  if (indexes.length > MAX_LOCAL_INDEXES) {
    throw invalidParameter('Number of LocalSecondaryIndexes exceeds per-table limit of 5');
  }
}

function checkKeySchema(key: JsonObject[], defined: string[]): void {
  const names = key.map(nameOf);
  if (names.some((name) => !defined.includes(name))) {
    throw invalidParameter(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(', ')}], AttributeDefinitions: [${defined.join(', ')}]`,
    );
  }
  const [first, second] = key;
  if (second && names[0] === names[1]) {
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name');
  }
  if (first?.KeyType !== 'HASH') {
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type');
  }
  if (second && second.KeyType !== 'RANGE') {
    throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type');
  }
}

function checkProjection({ Projection }: JsonObject): void {
  const { ProjectionType: type, NonKeyAttributes: names } = Projection as JsonObject;
  if (type === undefined) throw invalidParameter('Unknown ProjectionType: null');
  if (names && type !== 'INCLUDE') {
    throw invalidParameter(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
  }
}

function addName({ IndexName }: JsonObject, names: Set<string>): void {
  const name = String(IndexName);
  if (names.has(name)) throw invalidParameter(`Duplicate index name: ${name}`);
  names.add(name);
}

export function definedNames({ AttributeDefinitions }: JsonObject): string[] {
  return ((AttributeDefinitions ?? []) as JsonObject[]).map(nameOf);
}

export function keyOf({ KeySchema }: JsonObject): JsonObject[] {
  return KeySchema as JsonObject[];
}

function nameOf({ AttributeName }: JsonObject): string {
  return String(AttributeName);
}

function unusedDefinitions(): Error {
  return invalidParameter(
    'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
  );
}
