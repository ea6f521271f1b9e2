/** `TransactWriteItems` and `TransactGetItems`: all or nothing. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../assembly/values/json';
import { readAttributes } from '../attribute-value';
import { CapacityMeter } from '../capacity-meter';
import type { Database } from '../database';
import { DynamoDbError, SchemaMismatch, serviceError, validationError } from '../dynamodb-error';
import { checkKey, positionOf } from '../key';
import type { Table } from '../table';
import { collectionOf } from './collection-metrics';
import { DeleteRequest } from './delete-request';
import { projectionOf, refuseMixedProjection } from './projected';
import { PutRequest } from './put-request';
import { UpdateRequest } from './update-request';
import { readWriteExpressions } from './write-condition';
import { checkPaths, type DecidedWrite, type WriteRequest } from './write-request';

/** "The aggregate size of the items in the transaction cannot exceed 4 MB": API Reference, "TransactWriteItems". */
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
/** "A client request token is valid for 10 minutes after the first request that uses it": the same. */
const TOKEN_MILLIS = 10 * 60_000;
const MAX_TOKENS = 10_000;

interface Remembered {
  digest: string;
  until: number;
  answer: JsonObject;
}

/** For each database: what tokens were used for. */
const remembered = new WeakMap<Database, Map<string, Remembered>>();

export function transactWriteItems(database: Database, input: JsonObject): JsonObject {
  const { ClientRequestToken: token, ...rest } = input;
  if (token === undefined) return transact(database, input);
  const tokens = tokensOf(database);
  const digest = createHash('sha256').update(JSON.stringify(rest.TransactItems)).digest('hex');
  const known = tokens.get(String(token));
  if (known) {
    if (known.digest === digest) return known.answer;
    throw serviceError(
      'IdempotentParameterMismatchException',
      'Provided idempotent token has been used with different request parameters',
    );
  }
  const answer = transact(database, input);
  if (tokens.size >= MAX_TOKENS) tokens.delete(tokens.keys().next().value ?? '');
  tokens.set(String(token), { digest, until: database.now + TOKEN_MILLIS, answer });
  return answer;
}

function tokensOf(database: Database): Map<string, Remembered> {
  const tokens = remembered.get(database) ?? new Map<string, Remembered>();
  remembered.set(database, tokens);
  // In the order of arrival.
  for (const [token, { until }] of tokens) {
    if (until > database.now) break;
    tokens.delete(token);
  }
  return tokens;
}

function transact(database: Database, input: JsonObject): JsonObject {
  const actions = forEachItem(
    input.TransactItems as JsonObject[],
    (item) => readAction(database, item),
    isOfSchema,
  );
  const keys = actions.map(({ table, position }) => `${table.name}/${position}`);
  if (new Set(keys).size < keys.length) {
    throw validationError('Transaction request cannot include multiple operations on one item');
  }
  const decided = forEachItem(actions, (action) => action.decide(action.table.items.get(action.position)));
  const writes = decided.filter((write): write is DecidedWrite => write !== undefined);
  if (writes.reduce((sum, { item }) => sum + (item?.bytes ?? 0), 0) > MAX_TRANSACTION_BYTES) {
    throw validationError('Transaction is too large');
  }
  const units = database.write(writes);
  const meter = new CapacityMeter(input.ReturnConsumedCapacity, 'Write');
  for (const [index, write] of decided.entries()) {
    const action = actions[index];
    const cost = write && units[writes.indexOf(write)];
    if (cost) meter.wrote(write.table, cost);
    else if (action) meter.wrote(action.table, checkUnits(action));
  }
  return { ...meter.several, ...(input.ReturnItemCollectionMetrics === 'SIZE' && metricsOf(actions)) };
}

function checkUnits({ table, position }: WriteRequest) {
  const bytes = table.items.get(position)?.bytes ?? 0;
  return { table: Math.max(1, Math.ceil(bytes / 1024)), indexes: new Map() };
}

function metricsOf(actions: WriteRequest[]): JsonObject {
  const metrics = new Map<string, JsonObject[]>();
  for (const { table, key } of actions) {
    const one = collectionOf(table, key);
    if (one) metrics.set(table.name, [...(metrics.get(table.name) ?? []), one]);
  }
  return metrics.size > 0 ? { ItemCollectionMetrics: Object.fromEntries(metrics) } : {};
}

type Action = Omit<WriteRequest, 'decide'> & {
  /** Undefined for a condition check. */
  decide(before: ReturnType<Table['find']>): DecidedWrite | undefined;
};

function readAction(database: Database, item: JsonObject): WriteRequest & Action {
  const [kind, ...more] = Object.keys(item);
  if (kind === undefined || more.length > 0) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const request = item[kind] as JsonObject;
  switch (kind) {
    case 'Put':
      return PutRequest.read(database, request);
    case 'Delete':
      return DeleteRequest.read(database, request);
    case 'Update':
      return UpdateRequest.read(database, request);
    default:
      return readConditionCheck(database, request) as WriteRequest & Action;
  }
}

function readConditionCheck(database: Database, input: JsonObject): Action {
  const key = readAttributes(input.Key as JsonObject);
  const { condition } = readWriteExpressions(input);
  const table = database.table(String(input.TableName));
  checkKey(key, table.schema);
  checkPaths(condition.nestedNames, table);
  return {
    ...{ table, key, position: positionOf(key, table.schema) },
    decide(before) {
      condition.check(before);
      return undefined;
    },
  };
}

const isOfSchema = (error: DynamoDbError) => error instanceof SchemaMismatch;

/**
 * Takes a step for each item of a transaction.
 * @param isReason whether a refusal cancels the transaction. Others are of the request as a whole. @default all cancel
 * @throws {DynamoDbError} with the reason for each item, if one of them is refused
 */
function forEachItem<Item, Result>(
  items: Item[],
  step: (item: Item) => Result,
  isReason: (error: DynamoDbError) => boolean = () => true,
): Result[] {
  const reasons: JsonObject[] = [];
  const results: Result[] = [];
  for (const item of items) {
    try {
      results.push(step(item));
      reasons.push({ Code: 'None' });
    } catch (error) {
      if (!(error instanceof DynamoDbError && isReason(error))) throw error;
      reasons.push(reasonOf(error));
    }
  }
  if (results.length === items.length) return results;
  const codes = reasons.map(({ Code }) => Code).join(', ');
  throw serviceError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

function reasonOf(error: DynamoDbError): JsonObject {
  const isCondition = error.code === 'ConditionalCheckFailedException';
  return {
    Code: isCondition ? 'ConditionalCheckFailed' : 'ValidationError',
    Message: error.message,
    ...error.options.members,
  };
}

export function transactGetItems(database: Database, input: JsonObject): JsonObject {
  const meter = new CapacityMeter(input.ReturnConsumedCapacity, 'Read');
  const items = input.TransactItems as JsonObject[];
  const gets = forEachItem(items, ({ Get }) => readGet(database, Get as JsonObject), isOfSchema);
  const positions = gets.map(({ table, key }) => `${table.name}/${table.stored(key).position}`);
  if (new Set(positions).size < positions.length) {
    throw validationError('Transaction request cannot include multiple operations on one item');
  }
  const found = gets.map(({ table, key }) => table.find(key));
  if (found.reduce((sum, item) => sum + (item?.bytes ?? 0), 0) > MAX_TRANSACTION_BYTES) {
    throw validationError('Transaction is too large');
  }
  const responses = gets.map(({ table, projected }, index): JsonObject => {
    const item = found[index];
    meter.read(table, item?.bytes ?? 0, true);
    return item ? { Item: projected(item.attributes) } : {};
  });
  return { Responses: responses, ...meter.several };
}

function readGet(database: Database, get: JsonObject) {
  refuseMixedProjection(get);
  const { projected, nestedNames } = projectionOf(get);
  const key = readAttributes(get.Key as JsonObject);
  const table = database.table(String(get.TableName));
  checkKey(key, table.schema);
  checkPaths(nestedNames, table);
  return { table, key, projected };
}
