/** Tags, time to live and limits. */
import type { JsonObject } from '../../assembly/values/json';
import { TTL_CHANGE_MILLIS } from '../assumptions';
import type { Database } from '../database';
import { accessDenied, serviceError, validationError } from '../dynamodb-error';
import type { Table } from '../table';

export function tagResource(database: Database, input: JsonObject): JsonObject {
  const arn = tableArn(database, input, 'TagResource', 'Tags');
  const added = input.Tags as JsonObject[];
  if (added.length === 0) throw validationError('Atleast one Tag needs to be provided as Input.');
  const table = taggedTable(database, arn, `: ResourcArn: ${arn} not found`);
  const entries = added.map(({ Key, Value }) => [String(Key), String(Value ?? '')]);
  database.keepTable({ ...table.state, tags: { ...table.state.tags, ...Object.fromEntries(entries) } });
  return {};
}

export function untagResource(database: Database, input: JsonObject): JsonObject {
  const arn = tableArn(database, input, 'UntagResource', 'TagKeys');
  const gone = input.TagKeys as string[];
  if (gone.length === 0) throw validationError('Atleast one Tag Key needs to be provided as Input.');
  const table = taggedTable(database, arn, '');
  const left = Object.entries(table.state.tags).filter(([key]) => !gone.includes(key));
  database.keepTable({ ...table.state, tags: Object.fromEntries(left) });
  return {};
}

export function listTagsOfResource(database: Database, input: JsonObject): JsonObject {
  const arn = tableArn(database, input, 'ListTagsOfResource');
  const { tags } = taggedTable(database, arn, `: ResourcArn: ${arn} not found`).state;
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function tableArn(database: Database, input: JsonObject, operation: string, member?: string): string {
  const { ResourceArn } = input;
  if (ResourceArn === undefined) throw validationError('Invalid TableArn');
  const arn = String(ResourceArn);
  if (member && input[member] === undefined) {
    const path = `${member[0]?.toLowerCase()}${member.slice(1)}`;
    throw validationError(
      `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    );
  }
  if (!/^arn:aws[\w-]*:dynamodb:[^:]+:\d+:table\/[^/]{3,}$/.test(arn)) {
    throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
  }
  const { accountId } = database.options;
  if (arn.split(':')[4] !== accountId) {
    throw accessDenied(
      `User: arn:aws:iam::${accountId}:root is not authorized to perform: dynamodb:${operation} on resource: ${arn}`,
    );
  }
  return arn;
}

function taggedTable(database: Database, arn: string, detail: string): Table {
  const name = arn.split('/').pop() ?? '';
  if (database.hasTable(name)) return database.managedTable(name);
  throw serviceError('ResourceNotFoundException', `Requested resource not found${detail}`);
}

export function updateTimeToLive(database: Database, input: JsonObject): JsonObject {
  const table = database.managedTable(String(input.TableName));
  const wanted = input.TimeToLiveSpecification as JsonObject;
  const { ttlAttribute, ttlChangedAt, ...state } = table.state;
  const name = String(wanted.AttributeName);
  if (wanted.Enabled === (ttlAttribute !== undefined)) {
    throw validationError(`TimeToLive is already ${ttlAttribute === undefined ? 'disabled' : 'enabled'}`);
  }
  if (!wanted.Enabled && ttlAttribute !== name) {
    throw validationError(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${ttlAttribute}`,
    );
  }
  if (database.now < (ttlChangedAt ?? Number.NEGATIVE_INFINITY) + TTL_CHANGE_MILLIS) {
    throw validationError('Time to live has been modified multiple times within a fixed interval');
  }
  database.keepTable({
    ...{ ...state, ttlChangedAt: database.now },
    ...(wanted.Enabled === true && { ttlAttribute: name }),
  });
  return { TimeToLiveSpecification: wanted };
}

export function describeTimeToLive(database: Database, input: JsonObject): JsonObject {
  const { ttlAttribute } = database.managedTable(String(input.TableName)).state;
  return {
    TimeToLiveDescription:
      ttlAttribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: ttlAttribute },
  };
}

/** The quotas of a new account. */
export function describeLimits(): JsonObject {
  return {
    ...{ AccountMaxReadCapacityUnits: 80_000, AccountMaxWriteCapacityUnits: 80_000 },
    ...{ TableMaxReadCapacityUnits: 40_000, TableMaxWriteCapacityUnits: 40_000 },
  };
}

export function describeEndpoints(database: Database): JsonObject {
  return {
    Endpoints: [{ Address: `dynamodb.${database.options.region}.amazonaws.com`, CachePeriodInMinutes: 1440 }],
  };
}
