import type { QueueMapping, Queue as QueueSettings } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { QueuePoller } from '../../../local/event-sources/queue-poller';
import type { Log } from '../../../local/log';
import type { Queue } from '../../../local/sqs/queue';
import { Queues } from '../../../local/sqs/queues';
import { queueSettings } from '../sqs/queue-settings';
import { type Call, ScriptedFunction } from './scripted-function';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('QueuePoller', () => {
  const clock = new ManualClock();
  let queue: Queue;
  let lambda: ScriptedFunction;
  let poller: QueuePoller;
  let warnings: string[];

  /** `bodies` are already in the queue. */
  function start(
    mapping: Partial<QueueMapping> = {},
    settings: Partial<QueueSettings> = {},
    ...bodies: string[]
  ): string[] {
    const given = queueSettings({ visibilityTimeoutSeconds: 60, ...settings });
    queue = new Queues({ queues: [given], accountId: '000000000000', clock }).byArn(given.queueArn) as Queue;
    const sent = send(...bodies);
    lambda = new ScriptedFunction();
    warnings = [];
    const log: Log = { info() {}, error() {}, warn: (text) => warnings.push(text) };
    poller = new QueuePoller({
      mapping: {
        ...{ source: 'queue', path: 'Main/Mapping', mappingId: 'm', sourceArn: given.queueArn },
        ...{ functionName: 'f', batchSize: 10, batchWindowSeconds: 0, filters: [] },
        ...{ reportsBatchItemFailures: false, ...mapping },
      },
      ...{ queue, region: 'us-east-1', invoker: lambda, clock, log },
    });
    poller.start();
    return sent;
  }
  afterEach(() => {
    poller.stop();
    queue.close();
  });

  const send = (...bodies: string[]) => bodies.map((body) => queue.send({ body }).messageId);
  const bodiesOf = ({ records }: Call) => records.map(({ body }) => body);

  it('runs the function with messages, and deletes them after a success', async () => {
    start();
    queue.send({ body: '{"a":1}', attributes: { kind: { DataType: 'String', StringValue: 'x' } } });
    const call = await lambda.call();
    expect(call.records).toEqual([
      {
        messageId: expect.any(String),
        receiptHandle: expect.any(String),
        body: '{"a":1}',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: String(clock.now()),
          SenderId: expect.any(String),
          ApproximateFirstReceiveTimestamp: String(clock.now()),
        },
        messageAttributes: {
          kind: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
        },
        md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
        md5OfMessageAttributes: expect.any(String),
        eventSource: 'aws:sqs',
        eventSourceARN: queue.settings.queueArn,
        awsRegion: 'us-east-1',
      },
    ]);
    expect(queue.counts().inFlight).toBe(1);
    call.succeed();
    await settled();
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('retries failed messages after their visibility timeout', async () => {
    start();
    send('a');
    (await lambda.call()).fail();
    await settled();
    clock.advance(59_999);
    await settled();
    expect(lambda.openCount).toBe(0);
    clock.advance(1);
    expect((await lambda.call()).records).toMatchObject([
      { body: 'a', attributes: { ApproximateReceiveCount: '2' } },
    ]);
  });

  it('collects a batch within its window', async () => {
    start({ batchSize: 3, batchWindowSeconds: 5, maximumConcurrency: 2 });
    send('1');
    await settled();
    clock.advance(3_000);
    send('2');
    await settled();
    expect(lambda.openCount).toBe(0);
    clock.advance(2_000);
    const call = await lambda.call();
    // Each of the two pollers collects its own.
    expect(bodiesOf(call)).toEqual(['1']);
  });

  it('sends a full batch immediately', async () => {
    const bodies = Array.from({ length: 24 }, (_, index) => String(index));
    start({ batchSize: 12, batchWindowSeconds: 300, maximumConcurrency: 2 }, {}, ...bodies);
    // Two pollers, and a receive returns up to ten messages.
    const calls = [await lambda.call(), await lambda.call()];
    expect(calls.map(({ records }) => records.length)).toEqual([12, 12]);
  });

  it('runs as many concurrent invocations as allowed', async () => {
    start({ batchSize: 1, maximumConcurrency: 2 }, {}, '1', '2', '3');
    const calls = [await lambda.call(), await lambda.call()];
    await settled();
    expect(lambda.openCount).toBe(0);
    calls[0]?.succeed();
    expect(bodiesOf(await lambda.call())).toEqual(['3']);
  });

  it('runs one invocation at a time for each group of a FIFO queue', async () => {
    start({ batchSize: 1 }, { queueName: 'q.fifo', isFifo: true, contentBasedDeduplication: true });
    for (const body of ['1', '2']) queue.send({ body, groupId: 'g' });
    const first = await lambda.call();
    await settled();
    expect(lambda.openCount).toBe(0);
    first.succeed();
    const second = await lambda.call();
    expect([first, second].map(bodiesOf)).toEqual([['1'], ['2']]);
    expect(second.records).toMatchObject([
      { attributes: { MessageGroupId: 'g', SequenceNumber: expect.any(String) } },
    ]);
  });

  it('deletes messages that its filters exclude', async () => {
    const filters = [{ body: { kind: ['order'] } }, { body: ['plain'] }];
    start({ filters }, {}, '{"kind":"order"}', '{"kind":"other"}', 'plain', 'text', '["plain"]');
    expect(bodiesOf(await lambda.call())).toEqual(['{"kind":"order"}', 'plain']);
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 2, delayed: 0 });
  });

  it('retries a throttled invocation while its messages are invisible', async () => {
    start({ maximumConcurrency: 2 }, {}, 'a');
    (await lambda.call()).fail('TooManyRequestsException');
    await settled();
    clock.advance(1_000);
    expect((await lambda.call()).records).toMatchObject([{ attributes: { ApproximateReceiveCount: '1' } }]);
  });

  it('sends no event that is larger than a function accepts', async () => {
    start({}, {}, ...Array.from({ length: 8 }, (_, index) => String(index).repeat(1_000_000)));
    const batches = [await lambda.call()];
    expect(batches[0]?.records).toHaveLength(6);
    batches[0]?.succeed();
    expect((await lambda.call()).records).toHaveLength(2);
  });

  it.each<[string, (ids: string[]) => unknown, string[]]>([
    ['those that it names', ([, second]) => ({ batchItemFailures: [{ itemIdentifier: second }] }), ['b']],
    ['none for an empty list', () => ({ batchItemFailures: [] }), []],
    ['none for nothing', () => null, []],
    [
      'all for an id that is none of them',
      () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
      ['a', 'b'],
    ],
    ['all for another key', () => ({ batchItemFailures: [{ id: 'x' }] }), ['a', 'b']],
    ['all for no list', () => ({ batchItemFailures: 'a' }), ['a', 'b']],
  ])('keeps, of a batch with a failure report, %s', async (_, report, kept) => {
    const ids = start({ reportsBatchItemFailures: true }, {}, 'a', 'b');
    poller.stop();
    (await lambda.call()).succeed(report(ids));
    await settled();
    clock.advance(60_000);
    const left = await queue.receive({ maxMessages: 10 });
    expect(left.map(({ body }) => body)).toEqual(kept);
    expect(warnings).toHaveLength(kept.length === 2 ? 1 : 0);
  });
});
