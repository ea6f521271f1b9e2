/** `CreateTable`, `DescribeTable`, `UpdateTable`, `DeleteTable` and `ListTables`. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import { invalidParameter, resourceInUse, serviceError, validationError } from '../dynamodb-error';
import type { TableState } from '../table';
import {
  checkDefinition,
  checkGlobalIndexes,
  checkStream,
  checkTableName,
  checkThroughput,
  definedNames,
} from './table-definition';

const MAX_LISTED_TABLES = 100;

export function createTable(database: Database, input: JsonObject): JsonObject {
  const name = checkTableName(input);
  checkDefinition(input);
  if (database.hasTable(name)) throw resourceInUse(`Table already exists: ${name}`);
  const seconds = database.now / 1000;
  const { Tags, BillingMode, DeletionProtectionEnabled, TableClass, ...definition } = input;
  const isOnDemand = BillingMode === 'PAY_PER_REQUEST';
  const arn = database.arnOf(name);
  const description: JsonObject = {
    ...definition,
    ...{ TableArn: arn, TableId: randomUUID(), CreationDateTime: seconds, TableStatus: 'CREATING' },
    ProvisionedThroughput: throughputOf(input),
    ...(isOnDemand && {
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      TableThroughputModeSummary: { TableThroughputMode: 'PAY_PER_REQUEST' },
    }),
    ...indexesOf(input, arn),
    ...streamOf(input, arn, database.now),
    ...(DeletionProtectionEnabled !== undefined && { DeletionProtectionEnabled }),
    ...(TableClass !== undefined && { TableClassSummary: { TableClass } }),
  };
  const tags = Object.fromEntries(((Tags ?? []) as JsonObject[]).map(({ Key, Value }) => [Key, Value ?? '']));
  const table = database.keepTable({ description, tags });
  const answer = { TableDescription: table.describe() };
  later(database, name, (state) => withStatus(billedSince(state, seconds), 'ACTIVE'));
  return answer;
}

export function describeTable(database: Database, input: JsonObject): JsonObject {
  return { Table: database.managedTable(checkTableName(input)).describe() };
}

export function listTables({ tableNames }: Database, input: JsonObject): JsonObject {
  const start = input.ExclusiveStartTableName;
  const left = start === undefined ? tableNames : tableNames.filter((name) => name > String(start));
  const names = left.slice(0, Number(input.Limit ?? MAX_LISTED_TABLES));
  const last = names.length < left.length ? names.at(-1) : undefined;
  return { TableNames: names, ...(last !== undefined && { LastEvaluatedTableName: last }) };
}

export function deleteTable(database: Database, input: JsonObject): JsonObject {
  const table = database.managedTable(checkTableName(input));
  const { name, state } = table;
  if (table.status === 'CREATING') {
    throw resourceInUse(
      `Attempt to change a resource which is still in use: Table is being created: ${name}`,
    );
  }
  if (state.description.DeletionProtectionEnabled === true) {
    throw validationError(
      `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
    );
  }
  const { GlobalSecondaryIndexes: _, ...description } = state.description;
  const answer = { ...table.describe(), TableStatus: 'DELETING' } as JsonObject;
  delete answer.GlobalSecondaryIndexes;
  const { transitionMillis = 0, clock } = database.options;
  if (transitionMillis === 0) database.dropTable(name);
  else {
    table.update({ ...state, description: { ...description, TableStatus: 'DELETING' } });
    clock.after(transitionMillis, () => {
      if (database.hasTable(name)) database.dropTable(name);
    });
  }
  return { TableDescription: answer };
}

export function updateTable(database: Database, input: JsonObject): JsonObject {
  const name = checkTableName(input);
  checkUpdate(input);
  const table = database.managedTable(name);
  if (table.status !== 'ACTIVE') {
    throw resourceInUse(
      `Attempt to change a resource which is still in use: Table is being updated: ${name}`,
    );
  }
  const { description } = table.state;
  const wasOnDemand = isOnDemandTable(description);
  const mode = input.BillingMode ?? (wasOnDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED');
  if (input.ProvisionedThroughput && mode === 'PAY_PER_REQUEST') {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
  refuseSameThroughput(input, description, wasOnDemand);
  const updated = updatedDescription(database, input, description, mode === 'PAY_PER_REQUEST');
  const kept = database.keepTable({ ...table.state, description: withStatusOf(updated, 'UPDATING') });
  const answer = { TableDescription: kept.describe() };
  later(database, name, (state) => withStatus(state, 'ACTIVE'));
  return answer;
}

function checkUpdate(input: JsonObject): void {
  const updates = input.GlobalSecondaryIndexUpdates as JsonObject[] | undefined;
  const others = [
    'ProvisionedThroughput',
    'BillingMode',
    'StreamSpecification',
    'DeletionProtectionEnabled',
    'TableClass',
  ];
  if (!updates?.length && others.every((member) => input[member] === undefined)) {
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    );
  }
  if (input.BillingMode === 'PROVISIONED' && !input.ProvisionedThroughput) {
    throw invalidParameter('ProvisionedThroughput must be specified when BillingMode is PROVISIONED');
  }
  checkThroughput(input);
  checkStream(input);
  const names = new Set<string>();
  for (const update of updates ?? []) {
    const [action] = Object.values(update) as JsonObject[];
    if (!action) {
      throw invalidParameter(
        'One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null',
      );
    }
    const name = String(action.IndexName);
    if (names.has(name)) {
      throw invalidParameter(
        `Only one global secondary index update per index is allowed simultaneously. Index: ${name}`,
      );
    }
    names.add(name);
  }
}

const MAX_INDEX_UPDATES = 5;
const MAX_UNITS = 1_000_000_000_000;

function updatedDescription(
  database: Database,
  input: JsonObject,
  description: JsonObject,
  isOnDemand: boolean,
): JsonObject {
  const updates = (input.GlobalSecondaryIndexUpdates ?? []) as JsonObject[];
  const onlineUpdates = updates.filter(({ Create, Delete }) => Create || Delete);
  if (updates.length > MAX_INDEX_UPDATES || onlineUpdates.length > 1) {
    throw serviceError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
  }
  const definitions = mergedDefinitions(description, input);
  let indexes = (description.GlobalSecondaryIndexes ?? []) as JsonObject[];
  for (const update of updates)
    indexes = updatedIndexes(database, indexes, update, definitions, description, isOnDemand);
  const { GlobalSecondaryIndexes: _, ...rest } = description;
  const throughput = isOnDemand
    ? { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 }
    : {
        ...(rest.ProvisionedThroughput as JsonObject),
        ...(input.ProvisionedThroughput as JsonObject | undefined),
      };
  const mode = String(input.BillingMode ?? '');
  return {
    ...rest,
    AttributeDefinitions: usedDefinitions(definitions, rest, indexes),
    ProvisionedThroughput: throughput,
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map((index) =>
        isOnDemand ? { ...index, ProvisionedThroughput: throughput } : index,
      ),
    }),
    ...(mode && {
      BillingModeSummary: {
        BillingMode: mode,
        ...(mode === 'PAY_PER_REQUEST' && { LastUpdateToPayPerRequestDateTime: database.now / 1000 }),
      },
      TableThroughputModeSummary: {
        TableThroughputMode: mode,
        ...(mode === 'PAY_PER_REQUEST' && { LastUpdateToPayPerRequestDateTime: database.now / 1000 }),
      },
    }),
    ...updatedStream(input, description, database),
    ...(input.DeletionProtectionEnabled !== undefined && {
      DeletionProtectionEnabled: input.DeletionProtectionEnabled,
    }),
    ...(input.TableClass !== undefined && { TableClassSummary: { TableClass: input.TableClass } }),
  };
}

function updatedIndexes(
  _database: Database,
  indexes: JsonObject[],
  { Create, Update, Delete }: JsonObject,
  definitions: JsonObject[],
  description: JsonObject,
  isOnDemand: boolean,
): JsonObject[] {
  const action = (Create ?? Update ?? Delete) as JsonObject;
  const existing = indexes.find(({ IndexName }) => IndexName === action.IndexName);
  if (Create) {
    const local = (description.LocalSecondaryIndexes ?? []) as JsonObject[];
    if (existing || local.some(({ IndexName }) => IndexName === action.IndexName)) {
      throw validationError(`Attempting to create an index which already exists`);
    }
    const names = new Set(indexes.map(({ IndexName }) => String(IndexName)));
    checkGlobalIndexes([action], definedNames({ AttributeDefinitions: definitions }), names, isOnDemand);
    if (!isOnDemand && !action.ProvisionedThroughput) {
      throw invalidParameter(`ProvisionedThroughput must be specified for index: ${action.IndexName}`);
    }
    return [...indexes, indexDescription(action, String(description.TableArn), 'CREATING')];
  }
  const throughput = (action.ProvisionedThroughput ?? {}) as JsonObject;
  if (Number(throughput.ReadCapacityUnits) > MAX_UNITS || Number(throughput.WriteCapacityUnits) > MAX_UNITS) {
    throw validationError(
      'This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate',
    );
  }
  if (!existing) throw serviceError('ResourceNotFoundException', 'Requested resource not found');
  if (Delete) return indexes.filter((index) => index !== existing);
  return indexes.map((index) =>
    index === existing
      ? { ...index, ProvisionedThroughput: { ...(index.ProvisionedThroughput as JsonObject), ...throughput } }
      : index,
  );
}

function refuseSameThroughput(input: JsonObject, description: JsonObject, wasOnDemand: boolean): void {
  const asked = input.ProvisionedThroughput as JsonObject | undefined;
  const now = description.ProvisionedThroughput as JsonObject;
  if (!asked || (wasOnDemand && input.BillingMode === 'PROVISIONED')) return;
  const isSame =
    asked.ReadCapacityUnits === now.ReadCapacityUnits && asked.WriteCapacityUnits === now.WriteCapacityUnits;
  if (!isSame || input.GlobalSecondaryIndexUpdates) return;
  throw validationError(
    `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${now.ReadCapacityUnits}. Requested ReadCapacityUnits: ${asked.ReadCapacityUnits}. Current WriteCapacityUnits provisioned for the table: ${now.WriteCapacityUnits}. Requested WriteCapacityUnits: ${asked.WriteCapacityUnits}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
  );
}

function mergedDefinitions(description: JsonObject, input: JsonObject): JsonObject[] {
  const definitions = description.AttributeDefinitions as JsonObject[];
  const more = (input.AttributeDefinitions ?? []) as JsonObject[];
  const known = new Set(definitions.map(({ AttributeName }) => AttributeName));
  return [...definitions, ...more.filter(({ AttributeName }) => !known.has(AttributeName))];
}

function usedDefinitions(
  definitions: JsonObject[],
  { KeySchema, LocalSecondaryIndexes }: JsonObject,
  global: JsonObject[],
): JsonObject[] {
  const indexes = [...((LocalSecondaryIndexes ?? []) as JsonObject[]), ...global];
  const schemas = [KeySchema, ...indexes.map((index) => index.KeySchema)] as JsonObject[][];
  const used = new Set(schemas.flat().map(({ AttributeName }) => AttributeName));
  return definitions.filter(({ AttributeName }) => used.has(AttributeName));
}

function indexesOf(input: JsonObject, arn: string): JsonObject {
  const local = input.LocalSecondaryIndexes as JsonObject[] | undefined;
  const global = input.GlobalSecondaryIndexes as JsonObject[] | undefined;
  return {
    ...(local && {
      LocalSecondaryIndexes: local.map((index) => ({
        ...index,
        IndexArn: `${arn}/index/${index.IndexName}`,
      })),
    }),
    ...(global && {
      GlobalSecondaryIndexes: global.map((index) => indexDescription(index, arn, 'CREATING')),
    }),
  };
}

function indexDescription(index: JsonObject, arn: string, status: string): JsonObject {
  return {
    ...index,
    ...{ IndexArn: `${arn}/index/${index.IndexName}`, IndexStatus: status },
    ProvisionedThroughput: throughputOf(index),
  };
}

function throughputOf({ ProvisionedThroughput }: JsonObject): JsonObject {
  return {
    ...((ProvisionedThroughput as JsonObject | undefined) ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 }),
    NumberOfDecreasesToday: 0,
  };
}

function streamOf({ StreamSpecification }: JsonObject, arn: string, now: number): JsonObject {
  if ((StreamSpecification as JsonObject | undefined)?.StreamEnabled !== true) return {};
  const label = new Date(now).toISOString().replace('Z', '');
  return { LatestStreamLabel: label, LatestStreamArn: `${arn}/stream/${label}` };
}

function updatedStream(input: JsonObject, description: JsonObject, database: Database): JsonObject {
  const wanted = input.StreamSpecification as JsonObject | undefined;
  if (!wanted) return {};
  const isOn = (description.StreamSpecification as JsonObject | undefined)?.StreamEnabled === true;
  if (wanted.StreamEnabled && isOn) throw validationError('Table already has an enabled stream');
  if (!wanted.StreamEnabled && !isOn) throw validationError('Table does not have a stream to disable');
  return { StreamSpecification: wanted, ...streamOf(input, String(description.TableArn), database.now) };
}

function isOnDemandTable({ BillingModeSummary }: JsonObject): boolean {
  return (BillingModeSummary as JsonObject | undefined)?.BillingMode === 'PAY_PER_REQUEST';
}

/** On-demand tables report since when they are on demand. */
function billedSince(state: TableState, seconds: number): TableState {
  if (!isOnDemandTable(state.description)) return state;
  const BillingModeSummary = { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: seconds };
  return { ...state, description: { ...state.description, BillingModeSummary } };
}

function withStatus(state: TableState, status: string): TableState {
  const { description } = state;
  const indexes = description.GlobalSecondaryIndexes as JsonObject[] | undefined;
  return {
    ...state,
    description: {
      ...withStatusOf(description, status),
      ...(indexes && { GlobalSecondaryIndexes: indexes.map((index) => ({ ...index, IndexStatus: status })) }),
    },
  };
}

function withStatusOf(description: JsonObject, status: string): JsonObject {
  return { ...description, TableStatus: status };
}

/** Changes the table after its transition. The stored state is already the final one. */
function later(database: Database, name: string, change: (state: TableState) => TableState): void {
  const { transitionMillis = 0, clock } = database.options;
  const apply = () => {
    if (!database.hasTable(name)) return;
    const table = database.managedTable(name);
    if (table.status !== 'DELETING') table.update(change(table.state));
  };
  if (transitionMillis === 0) apply();
  else clock.after(transitionMillis, apply);
}
