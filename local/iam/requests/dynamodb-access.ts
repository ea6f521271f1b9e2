/**
 * The permissions that a request to DynamoDB needs: actions on tables and indexes, with DynamoDB's condition keys.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
import { isObject, type Json, type JsonObject, listAt, textAt } from '../../assembly/values/json';
import { knownMembers } from '../../dynamodb/requests/known-members';
import type { AccessApp, WantedAccess } from '../access';
import type { RequestContext } from '../request-context';

/** Operations that are about no table. */
const OF_NO_TABLE = new Set([
  'ListTables',
  'DescribeLimits',
  'DescribeEndpoints',
  'ListBackups',
  'ListExports',
  'ListStreams',
]);
const OF_STREAMS = new Set(['DescribeStream', 'GetRecords', 'GetShardIterator']);
const STATEMENTS = new Set(['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction']);
/** The actions of a transaction's members. */
const MEMBER_ACTIONS: readonly [member: string, action: string][] = [
  ['Put', 'PutItem'],
  ['Update', 'UpdateItem'],
  ['Delete', 'DeleteItem'],
  ['ConditionCheck', 'ConditionCheckItem'],
  ['Get', 'GetItem'],
];

/** DynamoDB's limit for an expression. */
const MAX_EXPRESSION_CHARACTERS = 4096;

/** One action on one table. */
interface Use {
  action: string;
  table: string;
  index?: string | undefined;
  /** The keys, items or parts of the request that concern the table. */
  inputs: JsonObject[];
}

export function dynamoDbAccess(operation: string, body: Json, app: AccessApp): WantedAccess[] {
  if (!isObject(body)) return [];
  const input = knownMembers(operation, body);
  if (OF_NO_TABLE.has(operation)) return [{ action: `dynamodb:${operation}`, resource: '*' }];
  if (OF_STREAMS.has(operation)) {
    // An iterator starts with its stream's ARN.
    const [iterated] = textAt(input, 'ShardIterator')?.split('|') ?? [];
    return [{ action: `dynamodb:${operation}`, resource: textAt(input, 'StreamArn') ?? iterated ?? '' }];
  }
  return usesOf(operation, input).map(({ action, table, index, inputs }) => ({
    action: `dynamodb:${action}`,
    resource: index === undefined ? tableArn(table, app) : `${tableArn(table, app)}/index/${index}`,
    context: contextOf(operation, action, { table, index, inputs }, app),
  }));
}

function usesOf(operation: string, input: JsonObject): Use[] {
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    const byTable = isObject(input.RequestItems) ? input.RequestItems : {};
    return Object.entries(byTable).map(([table, requests]) => ({
      ...{ action: operation, table },
      inputs: operation === 'BatchGetItem' ? readsOf(requests) : writesOf(requests),
    }));
  }
  if (operation === 'TransactGetItems' || operation === 'TransactWriteItems') {
    return listAt(input, 'TransactItems').flatMap((item) =>
      MEMBER_ACTIONS.flatMap(([member, action]) => {
        const request = isObject(item) ? item[member] : undefined;
        return isObject(request)
          ? [{ action, table: textAt(request, 'TableName') ?? '', inputs: [request] }]
          : [];
      }),
    );
  }
  if (STATEMENTS.has(operation)) return statementsIn(input).map(statementUse);
  const table = textAt(input, 'TableName') ?? textAt(input, 'ResourceArn') ?? textAt(input, 'TableArn') ?? '';
  return [{ action: operation, table, index: textAt(input, 'IndexName'), inputs: [input] }];
}

function readsOf(requests: Json): JsonObject[] {
  return listAt(requests, 'Keys').map((Key) => ({ ...(isObject(requests) ? requests : {}), Key }));
}

function writesOf(requests: Json): JsonObject[] {
  return (Array.isArray(requests) ? requests : []).flatMap((request) => {
    const { PutRequest, DeleteRequest } = isObject(request) ? request : {};
    return [PutRequest, DeleteRequest].filter(isObject);
  });
}

function statementsIn(input: JsonObject): string[] {
  const several = [...listAt(input, 'Statements'), ...listAt(input, 'TransactStatements')];
  return [input, ...several].flatMap((one) => textAt(one, 'Statement') ?? []);
}

/** In PartiQL, the first word is the action, and the quoted name is the table. */
function statementUse(statement: string): Use {
  const [, verb = 'select'] = /^\s*([a-z]+)/i.exec(statement) ?? [];
  const [, table = '', index] = /"([^"]+)"(?:\."([^"]+)")?/.exec(statement) ?? [];
  const action = `PartiQL${verb[0]?.toUpperCase()}${verb.slice(1).toLowerCase()}`;
  return { action, table, index, inputs: [] };
}

/** @param table the table's name or ARN */
function tableArn(table: string, { tables, region, accountId }: AccessApp): string {
  const name = tableName(table);
  const known = tables.find((one) => one.tableName === name);
  if (known) return known.tableArn;
  return table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

function tableName(table: string): string {
  return /^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\/([^/]+)/.exec(table)?.[1] ?? table;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
function contextOf(
  operation: string,
  action: string,
  { table, index, inputs }: Omit<Use, 'action'>,
  app: AccessApp,
): RequestContext {
  return (key) => {
    switch (key) {
      case 'dynamodb:leadingkeys': {
        const hashKey = hashKeyOf(tableName(table), index, app);
        return hashKey === undefined
          ? undefined
          : inputs.flatMap((input) => leadingKey(input, hashKey) ?? []);
      }
      case 'dynamodb:attributes':
        return inputs.flatMap(attributesIn);
      case 'dynamodb:select':
        return inputs.flatMap((input) => textAt(input, 'Select') ?? []);
      case 'dynamodb:returnvalues':
        return inputs.flatMap((input) => textAt(input, 'ReturnValues') ?? []);
      case 'dynamodb:enclosingoperation':
        return operation === action ? undefined : [operation];
      default:
        return undefined;
    }
  };
}

function hashKeyOf(name: string, index: string | undefined, { tables }: AccessApp): string | undefined {
  const table = tables.find((one) => one.tableName === name)?.createTable as JsonObject | undefined;
  const indexes = [...listAt(table, 'GlobalSecondaryIndexes'), ...listAt(table, 'LocalSecondaryIndexes')];
  const owner = index === undefined ? table : indexes.find((one) => textAt(one, 'IndexName') === index);
  const schema = listAt(owner, 'KeySchema').find((one) => textAt(one, 'KeyType') === 'HASH');
  return textAt(schema, 'AttributeName');
}

/** A name and a value, in either order. */
const EQUATION = /(?<name>#?[\w.-]+)\s*=\s*(?<value>:\w+)|(?<first>:\w+)\s*=\s*(?<second>#?[\w.-]+)/g;

/** From a key, an item, or the condition of a query. */
function leadingKey(input: JsonObject, hashKey: string): string | undefined {
  const source = [input.Key, input.Item].find(isObject);
  if (source) return attributeText(source[hashKey]);
  const legacy = isObject(input.KeyConditions) ? input.KeyConditions[hashKey] : undefined;
  if (legacy !== undefined) return attributeText(listAt(legacy, 'AttributeValueList')[0]);
  const condition = (textAt(input, 'KeyConditionExpression') ?? '').slice(0, MAX_EXPRESSION_CHARACTERS);
  for (const { groups = {} } of condition.matchAll(EQUATION)) {
    const { name = groups.second ?? '', value = groups.first ?? '' } = groups;
    if (nameIn(input, name) !== hashKey) continue;
    return attributeText(
      isObject(input.ExpressionAttributeValues) ? input.ExpressionAttributeValues[value] : undefined,
    );
  }
  return undefined;
}

function attributeText(value: Json | undefined): string | undefined {
  return textAt(value, 'S') ?? textAt(value, 'N') ?? textAt(value, 'B');
}

/** The top-level attributes that a request reads or writes. */
function attributesIn(input: JsonObject): string[] {
  const names = new Set<string>();
  for (const member of [
    'Key',
    'Item',
    'AttributeUpdates',
    'Expected',
    'KeyConditions',
    'QueryFilter',
    'ScanFilter',
  ]) {
    const value = input[member];
    if (isObject(value)) for (const name of Object.keys(value)) names.add(name);
  }
  for (const name of listAt(input, 'AttributesToGet')) names.add(String(name));
  for (const name of Object.values(
    isObject(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {},
  )) {
    names.add(String(name));
  }
  for (const name of (textAt(input, 'ProjectionExpression') ?? '').split(',')) {
    const [first = ''] = name.trim().split(/[.[]/, 1);
    if (first !== '') names.add(nameIn(input, first));
  }
  return [...names];
}

function nameIn(input: JsonObject, name: string): string {
  const names = isObject(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
  return name.startsWith('#') ? String(names[name] ?? name) : name;
}
