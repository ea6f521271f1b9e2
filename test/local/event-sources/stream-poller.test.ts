import type { StreamMapping, StreamViewType } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { ItemChange } from '../../../local/dynamodb/change';
import { StreamPoller } from '../../../local/event-sources/stream-poller';
import type { Log } from '../../../local/log';
import { RecordedDeliveries } from '../recorded-deliveries';
import { type Call, ScriptedFunction } from './scripted-function';

const STREAM = 'arn:aws:dynamodb:us-east-1:000000000000:table/rows/stream/2026-01-01T00:00:00.000';
const DEAD_LETTERS = 'arn:aws:sqs:us-east-1:000000000000:dead';
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f';

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('StreamPoller', () => {
  let clock: ManualClock;
  let lambda: ScriptedFunction;
  let deliveries: RecordedDeliveries;
  let warnings: string[];
  let poller: StreamPoller;

  function start(
    changes: Partial<StreamMapping> = {},
    viewType: StreamViewType = 'NEW_AND_OLD_IMAGES',
  ): void {
    clock = new ManualClock();
    lambda = new ScriptedFunction();
    deliveries = new RecordedDeliveries();
    warnings = [];
    const log: Log = { info() {}, error() {}, warn: (text) => warnings.push(text) };
    poller = new StreamPoller({
      mapping: {
        ...{ source: 'stream', path: 'Main/Mapping', mappingId: 'm', sourceArn: STREAM, tableName: 'rows' },
        ...{
          functionName: 'f',
          batchSize: 100,
          batchWindowSeconds: 0,
          filters: [],
          reportsBatchItemFailures: false,
        },
        ...{ startingPosition: 'LATEST', bisectsOnError: false, maximumRetryAttempts: -1 },
        ...{ maximumRecordAgeSeconds: -1, parallelizationFactor: 1, ...changes },
      },
      ...{ viewType, functionArn: FUNCTION_ARN, region: 'us-east-1' },
      ...{ invoker: lambda, destinations: deliveries, clock, log },
    });
  }
  afterEach(() => poller.stop());

  let sequence = 100_000_000_000_000_000_000n;
  const placed = () => {
    sequence += 1n;
    return { tableName: 'rows', sequenceNumber: String(sequence), partitionHash: 0 };
  };

  /** Changes of one partition, so that they are in one shard. */
  function change(n: number, changes: Partial<ItemChange> = {}): void {
    const keys = { pk: { S: 'a' }, sk: { N: String(n) } };
    const newImage = { ...keys, text: { S: `text ${n}` } };
    poller.take({ ...placed(), keys, newImage, at: clock.now(), isExpiry: false, ...changes });
  }
  const numbers = ({ records }: Call) => records.map(({ dynamodb }) => Number(dynamodb.Keys.sk.N));
  const sequenceOf = ({ records }: Call, index: number) => records[index].dynamodb.SequenceNumber;

  it('runs the function with records of the changes, in batches', async () => {
    start();
    const oldImage = { pk: { S: 'a' }, sk: { N: '2' } };
    change(1);
    change(2, { oldImage });
    poller.take({ ...placed(), keys: oldImage, oldImage, at: clock.now(), isExpiry: true });
    const { records } = await lambda.call();
    expect(records).toEqual([
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventName: 'INSERT',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: 1_767_225_600,
          Keys: { pk: { S: 'a' }, sk: { N: '1' } },
          NewImage: { pk: { S: 'a' }, sk: { N: '1' }, text: { S: 'text 1' } },
          SequenceNumber: expect.stringMatching(/^\d{21}$/),
          SizeBytes: 24,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        eventSourceARN: STREAM,
      },
      expect.objectContaining({
        eventName: 'MODIFY',
        dynamodb: expect.objectContaining({ OldImage: oldImage }),
      }),
      expect.objectContaining({
        eventName: 'REMOVE',
        userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      }),
    ]);
  });

  it.each<[StreamViewType, string[]]>([
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
    ['NEW_AND_OLD_IMAGES', ['NewImage', 'OldImage']],
  ])('shows what a stream of %s contains of a change', async (viewType, images) => {
    start({}, viewType);
    change(1, { oldImage: { pk: { S: 'a' } } });
    const { records } = await lambda.call();
    expect(Object.keys(records[0].dynamodb).filter((name) => name.endsWith('Image'))).toEqual(images);
  });

  it('runs one invocation at a time for each shard, in order', async () => {
    start({ batchSize: 2 });
    for (const n of [1, 2, 3]) change(n);
    const first = await lambda.call();
    await settled();
    expect(lambda.openCount).toBe(0);
    first.succeed();
    expect([first, await lambda.call()].map(numbers)).toEqual([[1, 2], [3]]);
  });

  it('runs shards concurrently', async () => {
    start();
    for (const [index, pk] of ['a', 'b', 'c', 'd'].entries())
      change(1, { keys: { pk: { S: pk }, sk: { N: '1' } }, partitionHash: index });
    const calls = [await lambda.call(), await lambda.call()];
    expect(calls.every(({ records }) => records.length === 1)).toBe(true);
  });

  it('collects a batch within its window', async () => {
    start({ batchWindowSeconds: 10 });
    change(1);
    clock.advance(6_000);
    change(2);
    await settled();
    expect(lambda.openCount).toBe(0);
    clock.advance(4_000);
    expect(numbers(await lambda.call())).toEqual([1, 2]);
  });

  it('skips records that its filters exclude', async () => {
    start({
      filters: [{ eventName: ['INSERT'], dynamodb: { NewImage: { text: { S: [{ prefix: 'text 2' }] } } } }],
    });
    for (const n of [1, 2, 3]) change(n);
    expect(numbers(await lambda.call())).toEqual([2]);
  });

  it('retries a batch before all later ones, with increasing pauses', async () => {
    start();
    change(1);
    (await lambda.call()).fail();
    await settled();
    change(2);
    clock.advance(1_000);
    const second = await lambda.call();
    expect(numbers(second)).toEqual([1]);
    second.fail();
    await settled();
    clock.advance(1_999);
    await settled();
    expect(lambda.openCount).toBe(0);
    clock.advance(1);
    const third = await lambda.call();
    third.succeed();
    expect([third, await lambda.call()].map(numbers)).toEqual([[1], [2]]);
  });

  it('gives up after its retries, notifies the destination, and continues', async () => {
    start({ maximumRetryAttempts: 1, onFailureArn: DEAD_LETTERS });
    change(1);
    const first = await lambda.call();
    first.fail();
    await settled();
    clock.advance(1_000);
    (await lambda.call()).fail();
    await settled();
    expect(deliveries.to(DEAD_LETTERS)).toEqual([
      {
        requestContext: {
          ...{ requestId: 'r', functionArn: FUNCTION_ARN },
          ...{ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: '2026-01-01T00:00:01.000Z',
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: sequenceOf(first, 0),
          endSequenceNumber: sequenceOf(first, 0),
          approximateArrivalOfFirstRecord: '2026-01-01T00:00:00.000Z',
          approximateArrivalOfLastRecord: '2026-01-01T00:00:00.000Z',
          batchSize: 1,
          streamArn: STREAM,
        },
      },
    ]);
    change(2);
    expect(numbers(await lambda.call())).toEqual([2]);
  });

  it('gives up on records that are too old', async () => {
    start({ maximumRecordAgeSeconds: 60 });
    change(1);
    (await lambda.call()).fail();
    await settled();
    clock.advance(61_000);
    await settled();
    expect(lambda.openCount).toBe(0);
    expect(warnings).toEqual(['Main/Mapping: gave up on 1 records (RecordAgeExceeded)']);
  });

  it('splits a failed batch until only the failing record is left', async () => {
    start({ bisectsOnError: true, maximumRetryAttempts: 0 });
    for (const n of [1, 2, 3, 4]) change(n);
    const seen: number[][] = [];
    for (let calls = 0; calls < 5; calls += 1) {
      const call = await lambda.call();
      seen.push(numbers(call));
      if (numbers(call).includes(3)) call.fail();
      else call.succeed();
      await settled();
      clock.advance(1_000);
    }
    expect(seen).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]);
    expect(warnings).toEqual(['Main/Mapping: gave up on 1 records (RetryAttemptsExhausted)']);
  });

  it('continues from the first record that the function reports as failed', async () => {
    start({ reportsBatchItemFailures: true });
    for (const n of [1, 2, 3]) change(n);
    const first = await lambda.call();
    first.succeed({
      batchItemFailures: [2, 1].map((index) => ({ itemIdentifier: sequenceOf(first, index) })),
    });
    await settled();
    clock.advance(1_000);
    expect(numbers(await lambda.call())).toEqual([2, 3]);
  });

  it('keeps a limited amount of records, and warns once', async () => {
    start({ batchSize: 1 });
    const text = { S: 'x'.repeat(400_000) };
    for (let n = 1; n <= 200; n += 1) change(n, { newImage: { text } });
    expect(warnings).toEqual([expect.stringMatching(/^Main\/Mapping: changes of 64 MB already wait for f;/)]);
    (await lambda.call()).succeed();
    expect(numbers(await lambda.call())).toEqual([2]);
  });

  it('processes its records when it is retired, and accepts no more', async () => {
    start({ batchWindowSeconds: 300 });
    change(1);
    poller.retire();
    change(2);
    expect(numbers(await lambda.call())).toEqual([1]);
  });
});
