/** `UpdateTable`: billing mode, throughput, indexes, stream, table class and deletion protection. */
import type { JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';
import { invalidParameter, resourceInUse, validationError } from '../dynamodb-error';
import { checkIndexUpdates, type IndexUpdates, readIndexUpdates } from './index-updates';
import { checkStream, checkTableName, checkThroughput } from './table-definition';
import { isOnDemandTable, streamOf } from './tables';
import { changed, changing, checkChange, decreasesToday, NO_UNITS } from './throughput';
import { active, afterTransition } from './transition';

export function updateTable(database: Database, input: JsonObject): JsonObject {
  const name = checkTableName(input);
  checkUpdate(input);
  const table = database.managedTable(name);
  if (table.status !== 'ACTIVE') {
    throw resourceInUse(
      `Attempt to change a resource which is still in use: Table is being updated: ${name}`,
    );
  }
  const { state } = table;
  const { during, after } = readUpdate(input, state.description, database.now / 1000);
  const final = (seconds: number) => active(after(seconds));
  database.keepTable(
    { ...state, description: { ...during, TableStatus: 'UPDATING' } },
    { ...state, description: final(database.now / 1000) },
  );
  const answer = { TableDescription: database.managedTable(name).describe() };
  afterTransition(database, name, () => final(database.now / 1000));
  return answer;
}

function checkUpdate(input: JsonObject): void {
  const updates = (input.GlobalSecondaryIndexUpdates ?? []) as JsonObject[];
  const others = [
    ...['ProvisionedThroughput', 'BillingMode', 'StreamSpecification', 'DeletionProtectionEnabled'],
    ...['TableClass', 'OnDemandThroughput'],
  ];
  if (updates.length === 0 && others.every((member) => input[member] === undefined)) {
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    );
  }
  if (input.BillingMode === 'PROVISIONED' && !input.ProvisionedThroughput) {
    throw invalidParameter('ProvisionedThroughput must be specified when BillingMode is PROVISIONED');
  }
  checkThroughput(input);
  checkStream(input);
  checkIndexUpdates(updates);
}

/** The descriptions while the table changes, and afterwards. */
interface TableUpdate {
  during: JsonObject;
  after(seconds: number): JsonObject;
}

type Billing = 'toOnDemand' | 'toProvisioned' | 'same';

/** @throws {DynamoDbError} */
function readUpdate(input: JsonObject, description: JsonObject, seconds: number): TableUpdate {
  const wasOnDemand = isOnDemandTable(description);
  const isOnDemand = input.BillingMode === undefined ? wasOnDemand : input.BillingMode === 'PAY_PER_REQUEST';
  if (input.ProvisionedThroughput && isOnDemand) {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
  const billing = isOnDemand === wasOnDemand ? 'same' : isOnDemand ? 'toOnDemand' : 'toProvisioned';
  const asked = input.ProvisionedThroughput as JsonObject | undefined;
  const before = description.ProvisionedThroughput as JsonObject;
  if (asked) checkChange(before, asked, seconds);
  const definitions = mergedDefinitions(description, input);
  const updates = (input.GlobalSecondaryIndexUpdates ?? []) as JsonObject[];
  const indexes = readIndexUpdates(updates, description, definitions, { isOnDemand, seconds });
  if (billing === 'toProvisioned') refuseMissingThroughputs(description, indexes);
  return {
    during: {
      ...withIndexes(description, duringIndexes(indexes, billing)),
      AttributeDefinitions: usedDefinitions(definitions, description, indexes.during),
      ProvisionedThroughput: duringThroughput(before, asked, billing, seconds),
      ...billingSummaries(description, billing),
      ...streamDuring(input, description, seconds),
      ...settingsOf(input),
    },
    after: (later) => {
      const left = indexes.after(later);
      const { StreamSpecification: _, ...rest } = withIndexes(
        description,
        afterIndexes(left, billing, later),
      );
      return {
        ...rest,
        AttributeDefinitions: usedDefinitions(definitions, description, left),
        ProvisionedThroughput: throughputAfter(before, asked, billing, later),
        ...billingSummaries(description, billing, later),
        ...streamAfter(input, description, seconds),
        ...settingsOf(input),
        ...(input.TableClass !== undefined && {
          TableClassSummary: { TableClass: input.TableClass, LastUpdateDateTime: later },
        }),
      };
    },
  };
}

function withIndexes(description: JsonObject, indexes: JsonObject[]): JsonObject {
  const { GlobalSecondaryIndexes: _, ...rest } = description;
  return { ...rest, ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }) };
}

/** A table that becomes provisioned has its units immediately; otherwise they change at the end. */
function duringThroughput(
  before: JsonObject,
  asked: JsonObject | undefined,
  billing: Billing,
  seconds: number,
): JsonObject {
  if (billing === 'toOnDemand') return { ...before, ...NO_UNITS, LastDecreaseDateTime: seconds };
  if (!asked) return before;
  const now = changing(before, asked, seconds);
  return billing === 'toProvisioned' ? { ...now, ...asked } : now;
}

function throughputAfter(
  before: JsonObject,
  asked: JsonObject | undefined,
  billing: Billing,
  seconds: number,
): JsonObject {
  if (billing === 'toOnDemand') {
    const { LastDecreaseDateTime: _, ...rest } = before;
    return { ...rest, ...NO_UNITS };
  }
  return asked ? changed(before, asked, seconds) : before;
}

function duringIndexes({ during, throughputs }: IndexUpdates, billing: Billing): JsonObject[] {
  if (billing === 'same') return during;
  return during.map((index) => ({
    ...index,
    IndexStatus: index.IndexStatus === 'ACTIVE' ? 'UPDATING' : String(index.IndexStatus),
    ProvisionedThroughput: {
      ...(index.ProvisionedThroughput as JsonObject),
      ...(billing === 'toOnDemand' ? NO_UNITS : throughputs.get(String(index.IndexName))),
    },
  }));
}

function afterIndexes(indexes: JsonObject[], billing: Billing, seconds: number): JsonObject[] {
  if (billing !== 'toOnDemand') return indexes;
  return indexes.map((index) => {
    const before = index.ProvisionedThroughput as JsonObject;
    const NumberOfDecreasesToday = decreasesToday(before, seconds) + 1;
    const now = { ...before, ...NO_UNITS, NumberOfDecreasesToday, LastDecreaseDateTime: seconds };
    return { ...index, ProvisionedThroughput: now };
  });
}

function refuseMissingThroughputs(description: JsonObject, { throughputs }: IndexUpdates): void {
  const indexes = (description.GlobalSecondaryIndexes ?? []) as JsonObject[];
  const missing = indexes.map(({ IndexName }) => String(IndexName)).filter((name) => !throughputs.has(name));
  if (missing.length === 0) return;
  throw invalidParameter(`ProvisionedThroughput must be specified for index: ${missing.join(',')}`);
}

/** @param seconds when a table has become on-demand; undefined while it still changes */
function billingSummaries(description: JsonObject, billing: Billing, seconds?: number): JsonObject {
  if (billing === 'same') return {};
  const mode = billing === 'toOnDemand' ? 'PAY_PER_REQUEST' : 'PROVISIONED';
  const since = billing === 'toOnDemand' &&
    seconds !== undefined && { LastUpdateToPayPerRequestDateTime: seconds };
  return {
    BillingModeSummary: { ...(description.BillingModeSummary as JsonObject), BillingMode: mode, ...since },
    TableThroughputModeSummary: {
      ...(description.TableThroughputModeSummary as JsonObject),
      ...{ TableThroughputMode: mode, ...since },
    },
  };
}

function streamDuring(input: JsonObject, description: JsonObject, seconds: number): JsonObject {
  const wanted = input.StreamSpecification as JsonObject | undefined;
  if (!wanted) return {};
  const isOn = (description.StreamSpecification as JsonObject | undefined)?.StreamEnabled === true;
  if (wanted.StreamEnabled && isOn) throw validationError('Table already has an enabled stream');
  if (!wanted.StreamEnabled && !isOn) throw validationError('Table does not have a stream to disable');
  return {
    StreamSpecification: wanted,
    ...streamOf(input, String(description.TableArn), Math.round(seconds * 1000)),
  };
}

/** A table whose stream is off has no specification, but still the ARN of its latest stream. */
function streamAfter(input: JsonObject, description: JsonObject, seconds: number): JsonObject {
  const { StreamEnabled } = (input.StreamSpecification ?? {}) as JsonObject;
  if (StreamEnabled === true) return streamDuring(input, description, seconds);
  const isKept = StreamEnabled === undefined && description.StreamSpecification !== undefined;
  return isKept ? { StreamSpecification: description.StreamSpecification as JsonObject } : {};
}

function settingsOf({ DeletionProtectionEnabled, OnDemandThroughput }: JsonObject): JsonObject {
  return {
    ...(DeletionProtectionEnabled !== undefined && { DeletionProtectionEnabled }),
    ...(OnDemandThroughput !== undefined && { OnDemandThroughput }),
  };
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
