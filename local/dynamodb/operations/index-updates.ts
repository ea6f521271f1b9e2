/** `GlobalSecondaryIndexUpdates`: indexes that are created, deleted, or get another throughput. */
import type { JsonObject } from '../../assembly/values/json';
import { invalidParameter, serviceError, validationError } from '../dynamodb-error';
import { checkGlobalIndexes, definedNames } from './table-definition';
import { indexDescription } from './tables';
import { changed, changing, checkChange } from './throughput';

const MAX_UPDATES = 5;
const MAX_UNITS = 1_000_000_000_000;

type Throughputs = Map<string, JsonObject>;

export interface IndexUpdates {
  /** The indexes while they change. */
  during: JsonObject[];
  /** The indexes afterwards. */
  after(seconds: number): JsonObject[];
  /** Indexes whose throughput the request sets. */
  throughputs: Throughputs;
}

/** @throws {DynamoDbError} if the request names an index twice, or none */
export function checkIndexUpdates(updates: JsonObject[]): void {
  const names = new Set<string>();
  for (const update of updates) {
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

/**
 * @param definitions of the table's attributes, with those of the request
 * @throws {DynamoDbError}
 */
export function readIndexUpdates(
  updates: JsonObject[],
  description: JsonObject,
  definitions: JsonObject[],
  { isOnDemand, seconds }: { isOnDemand: boolean; seconds: number },
): IndexUpdates {
  if (updates.length > MAX_UPDATES || updates.filter(({ Create, Delete }) => Create || Delete).length > 1) {
    throw serviceError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
  }
  const existing = (description.GlobalSecondaryIndexes ?? []) as JsonObject[];
  const throughputs: Throughputs = new Map();
  const gone = new Set<string>();
  const created: JsonObject[] = [];
  for (const { Create, Update, Delete } of updates) {
    if (Create) created.push(newIndex(Create as JsonObject, description, definitions, isOnDemand));
    else if (Update) readThroughput(Update as JsonObject, existing, throughputs, seconds);
    else if (Delete) gone.add(nameOf(foundIn(existing, Delete as JsonObject)));
  }
  return {
    throughputs,
    during: [...existing.map((index) => duringUpdate(index, throughputs, gone, seconds)), ...created],
    after: (later) => [
      ...existing
        .filter((index) => !gone.has(nameOf(index)))
        .map((index) => {
          const asked = throughputs.get(nameOf(index));
          return asked ? { ...index, ProvisionedThroughput: changed(unitsOf(index), asked, later) } : index;
        }),
      ...created,
    ],
  };
}

function duringUpdate(
  index: JsonObject,
  throughputs: Throughputs,
  gone: ReadonlySet<string>,
  seconds: number,
): JsonObject {
  if (gone.has(nameOf(index))) return { ...index, IndexStatus: 'DELETING' };
  const asked = throughputs.get(nameOf(index));
  if (!asked) return index;
  return {
    ...index,
    IndexStatus: 'UPDATING',
    ProvisionedThroughput: changing(unitsOf(index), asked, seconds),
  };
}

function readThroughput(
  update: JsonObject,
  existing: JsonObject[],
  throughputs: Throughputs,
  seconds: number,
): void {
  const asked = update.ProvisionedThroughput as JsonObject;
  if (Number(asked.ReadCapacityUnits) > MAX_UNITS || Number(asked.WriteCapacityUnits) > MAX_UNITS) {
    throw validationError(
      'This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate',
    );
  }
  const index = foundIn(existing, update);
  checkChange(unitsOf(index), asked, seconds, nameOf(index));
  throughputs.set(nameOf(index), asked);
}

/** Writes reach it immediately. It can be read once it is active. */
function newIndex(
  create: JsonObject,
  description: JsonObject,
  definitions: JsonObject[],
  isOnDemand: boolean,
): JsonObject {
  const global = (description.GlobalSecondaryIndexes ?? []) as JsonObject[];
  const local = (description.LocalSecondaryIndexes ?? []) as JsonObject[];
  if ([...global, ...local].some(({ IndexName }) => IndexName === create.IndexName)) {
    throw validationError('Attempting to create an index which already exists');
  }
  const names = new Set(global.map(nameOf));
  checkGlobalIndexes([create], definedNames({ AttributeDefinitions: definitions }), names, isOnDemand);
  if (!isOnDemand && !create.ProvisionedThroughput) {
    throw invalidParameter(`ProvisionedThroughput must be specified for index: ${create.IndexName}`);
  }
  return { ...indexDescription(create, String(description.TableArn), 'CREATING'), Backfilling: true };
}

function foundIn(existing: JsonObject[], { IndexName }: JsonObject): JsonObject {
  const index = existing.find((one) => one.IndexName === IndexName);
  if (index) return index;
  throw serviceError('ResourceNotFoundException', 'Requested resource not found');
}

function nameOf({ IndexName }: JsonObject): string {
  return String(IndexName);
}

function unitsOf({ ProvisionedThroughput }: JsonObject): JsonObject {
  return ProvisionedThroughput as JsonObject;
}
