import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import type { ItemChange } from '../../../local/dynamodb/change';
import { Database } from '../../../local/dynamodb/database';
import { DynamoDbError } from '../../../local/dynamodb/dynamodb-error';
import { execute } from '../../../local/dynamodb/operations/operations';

const KEY_SCHEMA = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
];
const S = (name: string) => ({ AttributeName: name, AttributeType: 'S' });

describe('The embedded DynamoDB', () => {
  let clock: ManualClock;
  let changes: ItemChange[];
  let database: Database;

  beforeEach(() => {
    clock = new ManualClock();
    changes = [];
    database = new Database({
      ...{ region: 'eu-west-1', accountId: '123456789012', clock },
      onChange: (change) => changes.push(change),
    });
    run('CreateTable', {
      TableName: 'rows',
      KeySchema: KEY_SCHEMA,
      AttributeDefinitions: [S('pk'), S('sk'), S('owner')],
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOwner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });

  const run = (name: string, input: JsonObject) => execute(database, name, input);
  const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } });
  const put = (sk: string, more: JsonObject = {}) =>
    run('PutItem', { TableName: 'rows', Item: { ...key(sk), ...more } });
  const get = (sk: string) => run('GetItem', { TableName: 'rows', Key: key(sk), ConsistentRead: true }).Item;
  const update = (sk: string, expression: string, values: JsonObject) =>
    run('UpdateItem', {
      ...{ TableName: 'rows', Key: key(sk), UpdateExpression: expression },
      ExpressionAttributeValues: values,
    });

  function refusalOf(name: string, input: JsonObject): DynamoDbError {
    try {
      run(name, input);
    } catch (error) {
      if (error instanceof DynamoDbError) return error;
      throw error;
    }
    throw new Error(`${name} was not refused`);
  }

  it('adds numbers of 38 digits exactly', () => {
    put('n', { n: { N: '99999999999999999999999999999999999998' } });
    update('n', 'ADD n :one', { ':one': { N: '1' } });
    expect(get('n')).toMatchObject({ n: { N: '99999999999999999999999999999999999999' } });
  });

  it('writes nothing if one condition of a transaction fails, and returns the reason of each', () => {
    put('there', { n: { N: '1' } });
    const refusal = refusalOf('TransactWriteItems', {
      TransactItems: [
        { Put: { TableName: 'rows', Item: key('new') } },
        {
          Delete: {
            ...{ TableName: 'rows', Key: key('there'), ConditionExpression: 'attribute_not_exists(pk)' },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
    });
    expect(refusal.code).toBe('TransactionCanceledException');
    expect(refusal.body.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        ...{ Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
        Item: { ...key('there'), n: { N: '1' } },
      },
    ]);
    expect(get('new')).toBeUndefined();
  });

  it('runs a transaction with a token once, for ten minutes', () => {
    const add = {
      ClientRequestToken: 'once',
      TransactItems: [
        {
          Update: {
            ...{ TableName: 'rows', Key: key('count'), UpdateExpression: 'ADD n :one' },
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
    };
    run('TransactWriteItems', add);
    run('TransactWriteItems', add);
    expect(get('count')).toMatchObject({ n: { N: '1' } });
    clock.advance(10 * 60_000);
    run('TransactWriteItems', add);
    expect(get('count')).toMatchObject({ n: { N: '2' } });
  });

  it('refuses a token that was used for another transaction', () => {
    const put = (sk: string) => ({
      ...{ ClientRequestToken: 'same', TransactItems: [{ Put: { TableName: 'rows', Item: key(sk) } }] },
    });
    run('TransactWriteItems', put('a'));
    expect(refusalOf('TransactWriteItems', put('b')).code).toBe('IdempotentParameterMismatchException');
  });

  it('returns the item whose condition failed, if requested', () => {
    put('there');
    const refusal = refusalOf('PutItem', {
      ...{ TableName: 'rows', Item: key('there'), ConditionExpression: 'attribute_not_exists(pk)' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(refusal.body.Item).toEqual(key('there'));
  });

  it('counts the capacity of indexes', () => {
    const { ConsumedCapacity } = run('PutItem', {
      ...{ TableName: 'rows', Item: { ...key('a'), owner: { S: 'o' } }, ReturnConsumedCapacity: 'INDEXES' },
    });
    expect(ConsumedCapacity).toEqual({
      ...{ TableName: 'rows', CapacityUnits: 2, Table: { CapacityUnits: 1 } },
      GlobalSecondaryIndexes: { byOwner: { CapacityUnits: 1 } },
    });
  });

  it('fills an index that is added later', () => {
    put('a', { colour: { S: 'red' } });
    run('UpdateTable', {
      TableName: 'rows',
      AttributeDefinitions: [S('colour')],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'byColour',
            KeySchema: [{ AttributeName: 'colour', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        },
      ],
    });
    const { Count } = run('Query', {
      ...{ TableName: 'rows', IndexName: 'byColour', KeyConditionExpression: 'colour = :c' },
      ExpressionAttributeValues: { ':c': { S: 'red' } },
    });
    expect(Count).toBe(1);
  });

  it('reports changes, but not a write that changes nothing', () => {
    put('a');
    put('a');
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      tableName: 'rows',
      keys: key('a'),
      newImage: key('a'),
      isExpiry: false,
    });
  });

  it('keeps attributes that are named like members of objects', () => {
    const item = JSON.parse('{"pk":{"S":"p"},"sk":{"S":"x"},"__proto__":{"S":"a"},"constructor":{"S":"b"}}');
    run('PutItem', { TableName: 'rows', Item: item });
    expect(JSON.stringify(get('x'))).toBe(JSON.stringify(item));
    const missing = run('GetItem', {
      ...{ TableName: 'rows', Key: key('x'), ProjectionExpression: 'toString_, hasOwnProperty' },
    });
    expect(missing.Item).toEqual({});
  });

  it('refuses values that are nested more than 32 levels deep', () => {
    let value: JsonObject = { S: 'x' };
    for (let depth = 0; depth < 33; depth += 1) value = { L: [value] };
    const refusal = refusalOf('PutItem', { TableName: 'rows', Item: { ...key('deep'), value } });
    expect(refusal.message).toBe('Nesting Levels have exceeded supported limits');
  });

  it('names an unsupported operation, and where it is available', () => {
    const refusal = refusalOf('ExecuteStatement', { Statement: 'SELECT * FROM rows' });
    expect(refusal.message).toBe(
      'The built-in DynamoDB does not support ExecuteStatement. Use another DynamoDB that does: --dynamodb URL.',
    );
  });
});
