import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { Database } from '../../../local/dynamodb/database';
import { DynamoDbError } from '../../../local/dynamodb/dynamodb-error';
import { execute } from '../../../local/dynamodb/operations/operations';
import { executeOnStreams } from '../../../local/dynamodb/streams/stream-operations';

const HOUR_MILLIS = 60 * 60_000;

describe('TableStreams', () => {
  let clock: ManualClock;
  let database: Database;
  let arn: string;

  beforeEach(() => {
    clock = new ManualClock();
    database = new Database({ region: 'us-east-1', accountId: '000000000000', clock });
    const { TableDescription } = execute(database, 'CreateTable', {
      TableName: 'rows',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    arn = String((TableDescription as JsonObject).LatestStreamArn);
  });

  const call = (operation: string, input: JsonObject = {}) => executeOnStreams(database, operation, input);
  const put = (pk: string, n = 0) =>
    execute(database, 'PutItem', { TableName: 'rows', Item: { pk: { S: pk }, n: { N: String(n) } } });
  const described = () => call('DescribeStream', { StreamArn: arn }).StreamDescription as JsonObject;
  const shardIds = () => (described().Shards as JsonObject[]).map(({ ShardId }) => String(ShardId));
  const iterator = (ShardId: string, ShardIteratorType: string, more: JsonObject = {}) =>
    String(call('GetShardIterator', { StreamArn: arn, ShardId, ShardIteratorType, ...more }).ShardIterator);
  const read = (ShardIterator: string, Limit = 1_000) => {
    const { Records, NextShardIterator } = call('GetRecords', { ShardIterator, Limit });
    return { records: Records as JsonObject[], next: NextShardIterator as string | undefined };
  };
  const dynamodb = (record: JsonObject | undefined) => record?.dynamodb as JsonObject;
  /** The shard with the changes of this key, and the changes. */
  const shardOf = (pk: string): [string, JsonObject[]] => {
    for (const id of shardIds()) {
      const { records } = read(iterator(id, 'TRIM_HORIZON'));
      const own = records.filter((one) => JSON.stringify(dynamodb(one).Keys) === `{"pk":{"S":"${pk}"}}`);
      if (own.length > 0) return [id, own];
    }
    throw new Error(`No shard has changes of ${pk}.`);
  };
  const refusal = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof DynamoDbError) return error.code;
    }
    return 'none';
  };

  it('lists streams, and describes one with its shards', () => {
    const label = arn.split('/stream/')[1];
    const listed = { Streams: [{ StreamArn: arn, TableName: 'rows', StreamLabel: label }] };
    expect(call('ListStreams')).toEqual(listed);
    expect(call('ListStreams', { TableName: 'rows' })).toEqual(listed);
    expect(call('ListStreams', { TableName: 'others' })).toEqual({ Streams: [] });
    expect(described()).toMatchObject({
      ...{ StreamStatus: 'ENABLED', StreamViewType: 'NEW_AND_OLD_IMAGES', TableName: 'rows' },
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    });
  });

  it('describes shards in pages', () => {
    const ids = shardIds();
    const { StreamDescription } = call('DescribeStream', { StreamArn: arn, Limit: 1 });
    expect(StreamDescription).toMatchObject({ Shards: [{ ShardId: ids[0] }], LastEvaluatedShardId: ids[0] });
    expect(call('DescribeStream', { StreamArn: arn, ExclusiveStartShardId: String(ids[0]) })).toMatchObject({
      StreamDescription: { Shards: ids.slice(1).map((ShardId) => ({ ShardId })) },
    });
  });

  it('reads all changes of a key in order, from the oldest one', () => {
    for (const n of [1, 2, 2]) put('a', n);
    execute(database, 'DeleteItem', { TableName: 'rows', Key: { pk: { S: 'a' } } });
    const [, records] = shardOf('a');
    // The third write changed nothing.
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(records[1]).toEqual({
      ...{ eventID: expect.any(String), eventName: 'MODIFY', eventVersion: '1.1' },
      ...{ eventSource: 'aws:dynamodb', awsRegion: 'us-east-1' },
      dynamodb: {
        ...{ ApproximateCreationDateTime: clock.now() / 1000, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        Keys: { pk: { S: 'a' } },
        OldImage: { pk: { S: 'a' }, n: { N: '1' } },
        NewImage: { pk: { S: 'a' }, n: { N: '2' } },
        ...{ SequenceNumber: expect.stringMatching(/^\d{21}$/), SizeBytes: 15 },
      },
    });
  });

  it('reads from the latest change, and from and after a sequence number', () => {
    put('a', 1);
    const [id, [first]] = shardOf('a');
    const latest = iterator(id, 'LATEST');
    put('a', 2);
    const numbers = (from: string) => read(from).records.map((one) => JSON.stringify(dynamodb(one).NewImage));
    const [one, two] = [1, 2].map((n) => `{"pk":{"S":"a"},"n":{"N":"${n}"}}`);
    const SequenceNumber = String(dynamodb(first).SequenceNumber);
    expect(numbers(latest)).toEqual([two]);
    expect(numbers(iterator(id, 'AT_SEQUENCE_NUMBER', { SequenceNumber }))).toEqual([one, two]);
    expect(numbers(iterator(id, 'AFTER_SEQUENCE_NUMBER', { SequenceNumber }))).toEqual([two]);
  });

  it('continues where the last records ended', () => {
    for (const n of [1, 2, 3]) put('a', n);
    const [id] = shardOf('a');
    const first = read(iterator(id, 'TRIM_HORIZON'), 2);
    const second = read(String(first.next));
    expect([first.records.length, second.records.length]).toEqual([2, 1]);
    expect(read(String(second.next)).records).toEqual([]);
    put('a', 4);
    expect(read(String(second.next)).records).toHaveLength(1);
  });

  it('returns at most 1 MB at a time', () => {
    for (const n of [1, 2, 3, 4, 5]) {
      const Item = { pk: { S: 'a' }, n: { N: String(n) }, text: { S: 'x'.repeat(300_000) } };
      execute(database, 'PutItem', { TableName: 'rows', Item });
    }
    const [id, records] = shardOf('a');
    expect(records.length).toBeLessThan(4);
    expect(read(iterator(id, 'TRIM_HORIZON')).next).toBeDefined();
  });

  it('forgets changes after 24 hours', () => {
    put('a', 1);
    const [id, [first]] = shardOf('a');
    clock.advance(25 * HOUR_MILLIS);
    expect(read(iterator(id, 'TRIM_HORIZON')).records).toEqual([]);
    const SequenceNumber = String(dynamodb(first).SequenceNumber);
    expect(refusal(() => iterator(id, 'AT_SEQUENCE_NUMBER', { SequenceNumber }))).toBe(
      'TrimmedDataAccessException',
    );
  });

  it('refuses an iterator that is older than 15 minutes', () => {
    const old = iterator(String(shardIds()[0]), 'LATEST');
    clock.advance(15 * 60_000 + 1);
    expect(refusal(() => read(old))).toBe('ExpiredIteratorException');
  });

  it('can be read to its end after it was turned off, and starts again under another ARN', () => {
    put('a', 1);
    const [id] = shardOf('a');
    const update = (StreamSpecification: JsonObject) =>
      execute(database, 'UpdateTable', { TableName: 'rows', StreamSpecification })
        .TableDescription as JsonObject;
    update({ StreamEnabled: false });
    put('a', 2);
    expect(described()).toMatchObject({ StreamStatus: 'DISABLED' });
    expect(read(iterator(id, 'TRIM_HORIZON'))).toEqual({ records: [expect.anything()], next: undefined });
    clock.advance(1_000);
    expect(update({ StreamEnabled: true, StreamViewType: 'KEYS_ONLY' }).LatestStreamArn).not.toBe(arn);
    expect(call('ListStreams').Streams).toHaveLength(2);
  });

  it.each<[string, string, JsonObject, string]>([
    [
      'an unknown stream',
      'DescribeStream',
      { StreamArn: `arn:${'x'.repeat(40)}` },
      'ResourceNotFoundException',
    ],
    ['a broken iterator', 'GetRecords', { ShardIterator: 'nonsense' }, 'ValidationException'],
    ['no iterator', 'GetRecords', {}, 'ValidationException'],
    ['too many records', 'GetRecords', { ShardIterator: 'x', Limit: 1_001 }, 'ValidationException'],
    ['an operation of another API', 'GetItem', {}, 'UnknownOperationException'],
  ])('refuses %s', (_, operation, input, code) => {
    expect(refusal(() => call(operation, input))).toBe(code);
  });

  it('refuses an unknown shard, and an iterator type without its sequence number', () => {
    const [id = ''] = shardIds();
    expect(refusal(() => iterator(`${id.slice(0, -1)}9`, 'LATEST'))).toBe('ResourceNotFoundException');
    expect(refusal(() => iterator(id, 'AT_SEQUENCE_NUMBER'))).toBe('ValidationException');
    expect(refusal(() => iterator(id, 'AT_TIMESTAMP'))).toBe('ValidationException');
  });
});
