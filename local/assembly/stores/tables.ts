/** An app's DynamoDB tables, as input of CreateTable. */
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { DynamoTable, StreamViewType } from '../model';
import { isObject, type Json, type JsonObject, objectAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';

const TABLE = 'AWS::DynamoDB::Table';
const GLOBAL_TABLE = 'AWS::DynamoDB::GlobalTable';
const VIEW_TYPES: StreamViewType[] = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'];

export function readTables(assembly: Assembly): DynamoTable[] {
  const tables = new Map<string, DynamoTable>();
  for (const resource of assembly.resources(TABLE, GLOBAL_TABLE)) {
    const table = readTable(resource);
    const twin = tables.get(table.tableName);
    if (twin) {
      throw new UserError(
        `${table.path} and ${twin.path} are both named ${table.tableName}. If they belong to two stages of the app, select one with --stack.`,
      );
    }
    tables.set(table.tableName, table);
  }
  return [...tables.values()];
}

function readTable(resource: Resource): DynamoTable {
  const tableName = resource.ref;
  const isOnDemand = resource.text('BillingMode') === 'PAY_PER_REQUEST' || resource.type === GLOBAL_TABLE;
  const timeToLive = resource.property('TimeToLiveSpecification');
  const ttlAttribute = textAt(timeToLive, 'AttributeName');
  const isTimeToLiveOn = isObject(timeToLive) && String(timeToLive.Enabled ?? true) === 'true';
  return {
    path: resource.path,
    tableName,
    tableArn: String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources')),
    createTable: {
      TableName: tableName,
      AttributeDefinitions: resource.property('AttributeDefinitions') ?? [],
      KeySchema: keySchema(resource),
      // The capacity of a global table depends on auto scaling, which has no effect here.
      BillingMode: isOnDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED',
      ...(isOnDemand
        ? {}
        : { ProvisionedThroughput: throughput(resource.property('ProvisionedThroughput'), resource) }),
      ...indexes(resource, 'LocalSecondaryIndexes', true),
      ...indexes(resource, 'GlobalSecondaryIndexes', isOnDemand),
    },
    ...(ttlAttribute !== undefined && isTimeToLiveOn ? { ttlAttribute } : {}),
    ...streamOf(resource),
  };
}

function streamOf(resource: Resource): Pick<DynamoTable, 'streamViewType'> {
  const specification = resource.property('StreamSpecification');
  if (specification === undefined) return {};
  const viewType = VIEW_TYPES.find((known) => known === textAt(specification, 'StreamViewType'));
  if (!viewType) throw resource.mistake(`its StreamViewType must be one of ${VIEW_TYPES.join(', ')}`);
  return { streamViewType: viewType };
}

function keySchema(resource: Resource): Json {
  const schema = resource.property('KeySchema');
  if (!Array.isArray(schema)) throw resource.mistake('has no KeySchema');
  return schema;
}

function indexes(resource: Resource, property: string, isOnDemand: boolean): Record<string, Json[]> {
  const definitions = resource.property(property);
  if (!Array.isArray(definitions) || definitions.length === 0) return {};
  return {
    [property]: definitions.map((index) => ({
      IndexName: textAt(index, 'IndexName') ?? '',
      KeySchema: isObject(index) ? (index.KeySchema ?? []) : [],
      Projection: objectAt(index, 'Projection'),
      ...(isOnDemand
        ? {}
        : { ProvisionedThroughput: throughput(objectAt(index, 'ProvisionedThroughput'), resource) }),
    })),
  };
}

/** @throws {UserError} for a provisioned table without capacity, which CloudFormation refuses */
function throughput(value: Json | undefined, resource: Resource): JsonObject {
  const [read, write] = ['ReadCapacityUnits', 'WriteCapacityUnits'].map((name) =>
    Number(isObject(value) ? value[name] : Number.NaN),
  );
  if (!read || !write) {
    throw resource.mistake(
      'needs ProvisionedThroughput, because its BillingMode is PROVISIONED; set BillingMode PAY_PER_REQUEST, or set the capacity',
    );
  }
  return { ReadCapacityUnits: read, WriteCapacityUnits: write };
}
