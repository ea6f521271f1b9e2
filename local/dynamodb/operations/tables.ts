/** `CreateTable`, `DescribeTable`, `DeleteTable` and `ListTables`. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import { resourceInUse, validationError } from '../dynamodb-error';
import { checkDefinition, checkTableName } from './table-definition';
import { newThroughput } from './throughput';
import { active, afterTransition } from './transition';

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
    ProvisionedThroughput: newThroughput(input),
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
  afterTransition(database, name, (current) => active(billedSince(current, seconds)));
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

export function indexDescription(index: JsonObject, arn: string, status: string): JsonObject {
  return {
    ...index,
    ...{ IndexArn: `${arn}/index/${index.IndexName}`, IndexStatus: status },
    ProvisionedThroughput: newThroughput(index),
  };
}

export function streamOf({ StreamSpecification }: JsonObject, arn: string, now: number): JsonObject {
  if ((StreamSpecification as JsonObject | undefined)?.StreamEnabled !== true) return {};
  const label = new Date(now).toISOString().replace('Z', '');
  return { LatestStreamLabel: label, LatestStreamArn: `${arn}/stream/${label}` };
}

export function isOnDemandTable({ BillingModeSummary }: JsonObject): boolean {
  return (BillingModeSummary as JsonObject | undefined)?.BillingMode === 'PAY_PER_REQUEST';
}

/** On-demand tables report since when they are on demand. */
function billedSince(description: JsonObject, seconds: number): JsonObject {
  if (!isOnDemandTable(description)) return description;
  const BillingModeSummary = { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: seconds };
  return { ...description, BillingModeSummary };
}
