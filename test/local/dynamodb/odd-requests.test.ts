import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { Database } from '../../../local/dynamodb/database';
import { DynamoDbError } from '../../../local/dynamodb/dynamodb-error';
import { deleteExpired } from '../../../local/dynamodb/expired-items';
import { execute } from '../../../local/dynamodb/operations/operations';

/** Requests with surprising responses. All responses are DynamoDB's. */
describe('Odd requests to the embedded DynamoDB', () => {
  let database: Database;

  beforeEach(() => {
    database = new Database({ region: 'us-east-1', accountId: '123456789012', clock: new ManualClock() });
    run('CreateTable', {
      TableName: 'rows',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['pk', 'sk', 'room'].map((name) => ({
        ...{ AttributeName: name, AttributeType: 'S' },
      })),
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byRoom',
          KeySchema: [{ AttributeName: 'room', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
  });

  const run = (name: string, input: JsonObject) => execute(database, name, input);
  const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } });
  const put = (sk: string, more: JsonObject = {}) =>
    run('PutItem', { TableName: 'rows', Item: { ...key(sk), ...more } });
  const get = (sk: string, more: JsonObject = {}) =>
    run('GetItem', { TableName: 'rows', Key: key(sk), ...more }).Item as JsonObject | undefined;
  const update = (sk: string, UpdateExpression: string, values?: JsonObject, more: JsonObject = {}) =>
    run('UpdateItem', {
      ...{ TableName: 'rows', Key: key(sk), UpdateExpression, ...more },
      ...(values && { ExpressionAttributeValues: values }),
    });
  const scan = (FilterExpression: string, values: JsonObject) =>
    run('Scan', { TableName: 'rows', FilterExpression, ExpressionAttributeValues: values }).Count;
  const transact = (...TransactItems: JsonObject[]) => run('TransactWriteItems', { TransactItems });

  function refusal(request: () => unknown): DynamoDbError {
    try {
      request();
    } catch (error) {
      if (error instanceof DynamoDbError) return error;
      throw error;
    }
    throw new Error('The request was not refused.');
  }
  const words = (request: () => unknown) => refusal(request).message;

  describe('updates', () => {
    it('append to a missing list', () => {
      const append = () =>
        update('a', 'SET l = list_append(if_not_exists(l, :none), :one)', {
          ...{ ':none': { L: [] }, ':one': { L: [{ N: '1' }] } },
        });
      append();
      append();
      expect(get('a')?.l).toEqual({ L: [{ N: '1' }, { N: '1' }] });
    });

    it('remove an attribute with the last element of its set', () => {
      put('a', { tags: { SS: ['x', 'y'] } });
      update('a', 'DELETE tags :gone', { ':gone': { SS: ['y', 'x', 'z'] } });
      expect(get('a')).toEqual(key('a'));
    });

    it('read the item as it was before the update', () => {
      put('a', { one: { N: '1' }, two: { N: '2' } });
      update('a', 'SET one = two, two = one');
      expect(get('a')).toMatchObject({ one: { N: '2' }, two: { N: '1' } });
    });

    it('append elements that are set beyond the end of a list, in the order of their indexes', () => {
      put('a', { l: { L: [{ S: 'first' }] } });
      update('a', 'SET l[9] = :b, l[5] = :a', { ':a': { S: 'a' }, ':b': { S: 'b' } });
      expect(get('a')?.l).toEqual({ L: [{ S: 'first' }, { S: 'a' }, { S: 'b' }] });
    });

    it('return only what they have changed, as part of the list', () => {
      put('a', { l: { L: [{ S: 'a' }, { S: 'b' }] } });
      const { Attributes } = update(
        'a',
        'SET l[1] = :c',
        { ':c': { S: 'c' } },
        { ReturnValues: 'UPDATED_NEW' },
      );
      expect(Attributes).toEqual({ l: { L: [{ S: 'c' }] } });
    });

    it.each(['ADD', 'DELETE'])('name the set of types that %s takes', (section) => {
      expect(words(() => update('a', `${section} x :text`, { ':text': { S: 'x' } }))).toBe(
        `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${section}, operand type: STRING, typeSet: ALLOWED_FOR_${section}_OPERAND`,
      );
    });
  });

  describe('numbers', () => {
    it.each([
      ['-0', '0'],
      ['1E3', '1000'],
      ['0.10', '0.1'],
      ['-12345678901234567890123456789012345678', '-12345678901234567890123456789012345678'],
    ])('%s is stored as %s', (given, stored) => {
      put('a', { n: { N: given } });
      expect(get('a')?.n).toEqual({ N: stored });
    });

    it('of 39 digits are refused', () => {
      expect(words(() => put('a', { n: { N: '123456789012345678901234567890123456789' } }))).toBe(
        'Attempting to store more than 38 significant digits in a Number',
      );
    });
  });

  describe('conditions', () => {
    it('on values of other types are false, and do not fail', () => {
      put('a', { n: { N: '5' } });
      expect(scan('n > :text', { ':text': { S: '4' } })).toBe(0);
    });

    it('find elements of sets, and parts of binary values', () => {
      put('a', { tags: { NS: ['1', '2'] }, bytes: { B: Buffer.from([1, 2, 3]).toString('base64') } });
      const prefix = Buffer.from([1, 2]).toString('base64');
      expect(
        scan('contains(tags, :two) AND begins_with(bytes, :prefix) AND size(bytes) = :size', {
          ...{ ':two': { N: '2.0' }, ':prefix': { B: prefix }, ':size': { N: '3' } },
        }),
      ).toBe(1);
    });

    it('require ordered bounds', () => {
      const between = () => scan('n BETWEEN :high AND :low', { ':high': { N: '2' }, ':low': { N: '1' } });
      expect(words(between)).toBe(
        'Invalid FilterExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
      );
    });
  });

  describe('expressions with errors', () => {
    it.each([
      ['!!! INVALID !!!', '!', '!!'],
      ['book-price', '-', 'book-price'],
      ['a b', 'b', 'a b'],
      ['list[-1]', '-', '[-1'],
    ])('%s: quote the text around the token', (expression, token, near) => {
      expect(words(() => get('a', { ProjectionExpression: expression }))).toBe(
        `Invalid ProjectionExpression: Syntax error; token: "${token}", near: "${near}"`,
      );
    });

    it('that name the same path twice are refused', () => {
      expect(words(() => get('a', { ProjectionExpression: 'a.b, a' }))).toBe(
        'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]',
      );
    });
  });

  describe('pages', () => {
    it('have a key to continue from when the limit is exactly the number of items', () => {
      put('a');
      const query = { TableName: 'rows', KeyConditionExpression: 'pk = :p', Limit: 1 };
      const values = { ExpressionAttributeValues: { ':p': { S: 'p' } } };
      const first = run('Query', { ...query, ...values });
      expect(first.LastEvaluatedKey).toEqual(key('a'));
      const second = run('Query', { ...query, ...values, ExclusiveStartKey: key('a') });
      expect(second).toEqual({ Items: [], Count: 0, ScannedCount: 0 });
    });

    it.each([true, false])('of an index show items with equal keys once each (forward: %s)', (forward) => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const name of names) put(name, { room: { S: 'r' } });
      const seen: string[] = [];
      let start: JsonObject | undefined;
      do {
        const page = run('Query', {
          ...{ TableName: 'rows', IndexName: 'byRoom', KeyConditionExpression: 'room = :r', Limit: 2 },
          ...{ ExpressionAttributeValues: { ':r': { S: 'r' } }, ScanIndexForward: forward },
          ...(start && { ExclusiveStartKey: start }),
        });
        seen.push(...(page.Items as { sk: { S: string } }[]).map(({ sk }) => sk.S));
        start = page.LastEvaluatedKey as JsonObject | undefined;
      } while (start);
      expect(seen.toSorted()).toEqual(names);
    });

    it('of parallel scans show each item once', () => {
      for (let n = 0; n < 20; n += 1)
        run('PutItem', { TableName: 'rows', Item: { ...key('a'), pk: { S: `${n}` } } });
      const counts = [0, 1, 2].map(
        (Segment) => run('Scan', { TableName: 'rows', Segment, TotalSegments: 3, Select: 'COUNT' }).Count,
      ) as number[];
      expect(counts.reduce((sum, count) => sum + count)).toBe(20);
    });
  });

  describe('keys', () => {
    const EMPTY =
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk';

    it.each(['GetItem', 'DeleteItem', 'UpdateItem'])('that are empty are refused by %s', (operation) => {
      expect(words(() => run(operation, { TableName: 'rows', Key: key('') }))).toBe(EMPTY);
    });

    it('that are empty make a transaction fail as a whole', () => {
      const { code, message } = refusal(() => transact({ Delete: { TableName: 'rows', Key: key('') } }));
      expect([code, message]).toEqual(['ValidationException', EMPTY]);
    });
  });

  describe('transactions', () => {
    const WRONG = { pk: { N: '1' }, sk: { S: 'a' } };
    const MISMATCH = 'The provided key element does not match the schema';
    const check = { ConditionExpression: 'attribute_exists(pk)' };
    const set = { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } };

    it.each<[string, JsonObject, string]>([
      ['Delete', { Key: WRONG }, MISMATCH],
      ['Update', { Key: WRONG, ...set }, MISMATCH],
      ['ConditionCheck', { Key: WRONG, ...check }, MISMATCH],
      [
        'Put',
        { Item: WRONG },
        'One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N',
      ],
      [
        'Put',
        { Item: { ...key('a'), room: { N: '1' } } },
        'One or more parameter values were invalid: Type mismatch for Index Key room Expected: S Actual: N IndexName: byRoom',
      ],
    ])('are cancelled by a %s with a key of another type', (kind, request, reason) => {
      const { body } = refusal(() =>
        transact(
          { Put: { TableName: 'rows', Item: key('b') } },
          { [kind]: { TableName: 'rows', ...request } },
        ),
      );
      expect(body).toEqual({
        __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
        Message:
          'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]',
        CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError', Message: reason }],
      });
    });

    it('of reads are canceled by an incomplete key', () => {
      const { body } = refusal(() =>
        run('TransactGetItems', { TransactItems: [{ Get: { TableName: 'rows', Key: {} } }] }),
      );
      expect(body.CancellationReasons).toEqual([{ Code: 'ValidationError', Message: MISMATCH }]);
    });

    it('with the same item twice are refused', () => {
      const put = { Put: { TableName: 'rows', Item: key('a') } };
      const { code, message } = refusal(() =>
        transact(put, { ConditionCheck: { TableName: 'rows', Key: key('a'), ...check } }),
      );
      expect([code, message]).toEqual([
        'ValidationException',
        'Transaction request cannot include multiple operations on one item',
      ]);
    });

    it('write the message of a reused token in capitals, as in the API model', () => {
      const send = (sk: string) =>
        run('TransactWriteItems', {
          TransactItems: [{ Put: { TableName: 'rows', Item: key(sk) } }],
          ClientRequestToken: 'token',
        });
      send('a');
      expect(Object.keys(refusal(() => send('b')).body)).toEqual(['__type', 'Message']);
    });
  });

  it.each(['BatchGetItem', 'BatchWriteItem'])('misses the request in an empty %s', (operation) => {
    expect(words(() => run(operation, { RequestItems: {} }))).toBe(
      `The requestItems parameter is required for ${operation}`,
    );
  });

  it('refuses tags for an invalid ARN', () => {
    const { code } = refusal(() =>
      run('TagResource', { ResourceArn: 'rows', Tags: [{ Key: 'env', Value: 'test' }] }),
    );
    expect(code).toBe('ValidationException');
  });

  it("does not return the tags of another account's table", () => {
    const arn = 'arn:aws:dynamodb:us-east-1:999999999999:table/rows';
    expect(refusal(() => run('ListTagsOfResource', { ResourceArn: arn })).code).toBe('AccessDeniedException');
  });

  it('refuses a short name for a new table as an invalid member', () => {
    const schema = { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST' };
    const attributes = { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }] };
    expect(words(() => run('CreateTable', { TableName: 'ab', ...schema, ...attributes }))).toBe(
      "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    );
  });

  it('checks the name of a new table first', () => {
    expect(words(() => run('CreateTable', { KeySchema: [] }))).toBe(
      "The parameter 'TableName' is required but was not present in the request",
    );
  });

  it('reads several items, with an empty place for a missing one', () => {
    put('a', { n: { N: '1' } });
    const get = (sk: string) => ({
      Get: { TableName: 'rows', Key: key(sk), ProjectionExpression: 'n' },
    });
    expect(run('TransactGetItems', { TransactItems: [get('a'), get('b')] })).toEqual({
      Responses: [{ Item: { n: { N: '1' } } }, {}],
    });
  });

  it('shows expired items until they are deleted', () => {
    run('UpdateTimeToLive', {
      TableName: 'rows',
      TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' },
    });
    const second = Math.floor(database.now / 1000);
    put('over', { until: { N: `${second - 1}` } });
    put('text', { until: { S: `${second - 1}` } });
    expect(run('Scan', { TableName: 'rows' }).Count).toBe(2);
    expect(deleteExpired(database)).toBe(1);
    expect([get('over'), get('text')?.sk]).toEqual([undefined, { S: 'text' }]);
  });

  it('refuses an item of 400 KB and a byte', () => {
    const bytes = 'pk'.length + 'p'.length + 'sk'.length + 'a'.length + 'data'.length;
    put('a', { data: { S: 'x'.repeat(400 * 1024 - bytes) } });
    expect(words(() => put('a', { data: { S: 'x'.repeat(400 * 1024 - bytes + 1) } }))).toBe(
      'Item size has exceeded the maximum allowed size',
    );
  });

  it('returns the capacity of an index separately from its table', () => {
    const { ConsumedCapacity } = run('PutItem', {
      ...{ TableName: 'rows', Item: { ...key('a'), room: { S: 'r' } }, ReturnConsumedCapacity: 'INDEXES' },
    });
    expect(ConsumedCapacity).toEqual({
      ...{ TableName: 'rows', CapacityUnits: 2, Table: { CapacityUnits: 1 } },
      GlobalSecondaryIndexes: { byRoom: { CapacityUnits: 1 } },
    });
  });

  it('accepts the conditions and updates of the time before expressions', () => {
    put('a', { n: { N: '1' }, tags: { SS: ['x'] } });
    run('UpdateItem', {
      ...{ TableName: 'rows', Key: key('a') },
      Expected: { n: { ComparisonOperator: 'BETWEEN', AttributeValueList: [{ N: '0' }, { N: '1' }] } },
      AttributeUpdates: { n: { Action: 'ADD', Value: { N: '2' } }, tags: { Action: 'DELETE' } },
    });
    expect(get('a')).toEqual({ ...key('a'), n: { N: '3' } });
  });

  it('refuses a batch that writes an item twice', () => {
    const put = { PutRequest: { Item: key('a') } };
    const twice = { RequestItems: { rows: [put, { DeleteRequest: { Key: key('a') } }] } };
    expect(words(() => run('BatchWriteItem', twice))).toBe('Provided list of item keys contains duplicates');
  });

  it('refuses a batch with null instead of the writes of a table', () => {
    expect(words(() => run('BatchWriteItem', { RequestItems: { rows: null } }))).toBe(
      "1 validation error detected: Value null at 'requestItems.rows.member' failed to satisfy constraint: Member must not be null",
    );
  });

  it('handles a batch for a table that is named like a property of every object', () => {
    run('CreateTable', {
      TableName: '__proto__',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    const Item = { pk: { S: 'a' } };
    run('PutItem', { TableName: '__proto__', Item });
    const RequestItems = JSON.parse('{"__proto__":{"Keys":[{"pk":{"S":"a"}}]}}');
    const answer = run('BatchGetItem', { RequestItems, ReturnConsumedCapacity: 'TOTAL' });
    expect(JSON.stringify(answer.Responses)).toBe('{"__proto__":[{"pk":{"S":"a"}}]}');
  });

  it.each(['constructor', '__proto__'])('tells the collections of a table named %s', (TableName) => {
    const schema = (range: string) => [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ];
    run('CreateTable', {
      ...{ TableName, KeySchema: schema('sk'), BillingMode: 'PAY_PER_REQUEST' },
      AttributeDefinitions: ['pk', 'sk', 'day'].map((name) => ({
        ...{ AttributeName: name, AttributeType: 'S' },
      })),
      LocalSecondaryIndexes: [
        { IndexName: 'byDay', KeySchema: schema('day'), Projection: { ProjectionType: 'ALL' } },
      ],
    });
    const { ItemCollectionMetrics } = run('TransactWriteItems', {
      TransactItems: [{ Put: { TableName, Item: key('a') } }],
      ReturnItemCollectionMetrics: 'SIZE',
    });
    expect(Object.entries(ItemCollectionMetrics ?? {})).toEqual([
      [TableName, [expect.objectContaining({ ItemCollectionKey: { pk: { S: 'p' } } })]],
    ]);
  });
});
