import type { Queue as QueueSettings } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { ReceivedMessage } from '../../../local/sqs/message';
import type { Queue } from '../../../local/sqs/queue';
import { Queues } from '../../../local/sqs/queues';
import { queueSettings } from './queue-settings';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function setUp(...queues: [Partial<QueueSettings>, ...Partial<QueueSettings>[]]) {
  const clock = new ManualClock();
  const settings = queues.map(queueSettings);
  const all = new Queues({ queues: settings, accountId: '000000000000', clock });
  const [queue, other] = settings.map(({ queueArn }) => all.byArn(queueArn)) as [Queue, Queue];
  return { clock, queue, other };
}

const bodies = (messages: ReceivedMessage[]) => messages.map(({ body }) => body);
const receive = async (queue: Queue, maxMessages = 10) => bodies(await queue.receive({ maxMessages }));

describe('Queue', () => {
  it('hides a received message until its visibility timeout expires', async () => {
    const { clock, queue } = setUp({ visibilityTimeoutSeconds: 30 });
    queue.send({ body: 'a' });
    const [first] = await queue.receive({ maxMessages: 1 });
    expect(first).toMatchObject({
      body: 'a',
      receiveCount: 1,
      sentAt: clock.now(),
      firstReceivedAt: clock.now(),
    });
    clock.advance(29_999);
    expect(await receive(queue)).toEqual([]);
    clock.advance(1);
    expect(await queue.receive({ maxMessages: 1 })).toMatchObject([{ body: 'a', receiveCount: 2 }]);
  });

  it('does not deliver a deleted message again', async () => {
    const { clock, queue } = setUp({});
    queue.send({ body: 'a' });
    const [message] = await queue.receive({ maxMessages: 1 });
    queue.delete(message?.receiptHandle ?? '');
    clock.advance(MINUTE);
    expect(await receive(queue)).toEqual([]);
    // Deleting it again succeeds, too.
    queue.delete(message?.receiptHandle ?? '');
  });

  it('deletes nothing by the handle of an earlier receive', async () => {
    const { clock, queue } = setUp({ visibilityTimeoutSeconds: 1 });
    queue.send({ body: 'a' });
    const [first] = await queue.receive({ maxMessages: 1 });
    clock.advance(SECOND);
    await queue.receive({ maxMessages: 1 });
    queue.delete(first?.receiptHandle ?? '');
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });

  it('delays a message with a delay, and all messages of a queue with one', async () => {
    const { clock, queue } = setUp({ delaySeconds: 5 });
    queue.send({ body: 'late' });
    queue.send({ body: 'now', delaySeconds: 0 });
    expect(await receive(queue)).toEqual(['now']);
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
    clock.advance(5 * SECOND);
    expect(await receive(queue)).toEqual(['late']);
  });

  it('lets a receiver wait for the first message', async () => {
    const { clock, queue } = setUp({});
    const waiting = queue.receive({ maxMessages: 10, waitSeconds: 20 });
    clock.advance(19 * SECOND);
    queue.send({ body: 'a' });
    expect(bodies(await waiting)).toEqual(['a']);
    const inVain = queue.receive({ maxMessages: 10, waitSeconds: 20 });
    clock.advance(20 * SECOND);
    expect(await inVain).toEqual([]);
  });

  it('wakes a receiver when a message becomes visible again', async () => {
    const { clock, queue } = setUp({ visibilityTimeoutSeconds: 3 });
    queue.send({ body: 'a' });
    await queue.receive({ maxMessages: 1 });
    const waiting = queue.receive({ maxMessages: 1, waitSeconds: 20 });
    clock.advance(3 * SECOND);
    expect(bodies(await waiting)).toEqual(['a']);
  });

  it('keeps a message for the next receiver if the first one has disconnected', async () => {
    const { queue } = setUp({});
    const gone = new AbortController();
    const waiting = queue.receive({ maxMessages: 1, waitSeconds: 20, signal: gone.signal });
    gone.abort();
    expect(await waiting).toEqual([]);
    queue.send({ body: 'a' });
    expect(await receive(queue)).toEqual(['a']);
  });

  it('changes how long a message is hidden, down to zero', async () => {
    const { clock, queue } = setUp({});
    queue.send({ body: 'a' });
    const [message] = await queue.receive({ maxMessages: 1 });
    queue.changeVisibility(message?.receiptHandle ?? '', 60);
    clock.advance(59 * SECOND);
    expect(await receive(queue)).toEqual([]);
    queue.changeVisibility(message?.receiptHandle ?? '', 0);
    expect(await receive(queue)).toEqual(['a']);
    expect(() => queue.changeVisibility(message?.receiptHandle ?? '', 60)).toThrow(
      'does not exist or is not available',
    );
  });

  it('deletes messages after the retention period', async () => {
    const { clock, queue } = setUp({ retentionSeconds: 60 });
    queue.send({ body: 'a' });
    clock.advance(MINUTE - 1);
    expect(queue.counts().visible).toBe(1);
    clock.advance(1);
    expect(queue.counts().visible).toBe(0);
    expect(await receive(queue)).toEqual([]);
  });

  it('moves a message that was received too often to its dead-letter queue, with its id, age and count', async () => {
    const deadLetterArn = queueSettings({ queueName: 'dead' }).queueArn;
    const { clock, queue, other } = setUp(
      { redrive: { deadLetterArn, maxReceiveCount: 2 }, visibilityTimeoutSeconds: 10 },
      { queueName: 'dead' },
    );
    const { messageId } = queue.send({ body: 'a' });
    const sentAt = clock.now();
    for (let receipt = 1; receipt <= 2; receipt += 1) {
      expect(await receive(queue)).toEqual(['a']);
      clock.advance(10 * SECOND);
    }
    expect(await receive(queue)).toEqual([]);
    expect(await other.receive({ maxMessages: 1 })).toMatchObject([
      { messageId, body: 'a', sentAt, receiveCount: 3, deadLetterSourceArn: queue.settings.queueArn },
    ]);
  });

  it('ends with two queues that are each other’s dead-letter queue', async () => {
    const [first, second] = [queueSettings({ queueName: 'one' }), queueSettings({ queueName: 'two' })];
    const { queue, other, clock } = setUp(
      {
        ...first,
        visibilityTimeoutSeconds: 1,
        redrive: { deadLetterArn: second.queueArn, maxReceiveCount: 1 },
      },
      {
        ...second,
        visibilityTimeoutSeconds: 1,
        redrive: { deadLetterArn: first.queueArn, maxReceiveCount: 1 },
      },
    );
    queue.send({ body: 'a' });
    for (const next of [queue, queue, other, other, queue]) {
      await receive(next);
      clock.advance(SECOND);
    }
    expect(await receive(queue)).toEqual([]);
    expect(await receive(other)).toEqual(['a']);
  });

  it('refuses a second purge within a minute', () => {
    const { clock, queue } = setUp({});
    queue.send({ body: 'a' });
    queue.purge();
    expect(queue.counts().visible).toBe(0);
    expect(() => queue.purge()).toThrow(
      'Only one PurgeQueue operation on queue is allowed every 60 seconds.',
    );
    clock.advance(MINUTE);
    queue.purge();
  });

  it.each<[string, Parameters<Queue['send']>[0], string]>([
    ['an empty body', { body: '' }, 'MessageBody'],
    ['a character that XML has not', { body: 'a\u0001' }, 'Invalid characters'],
    ['half a character', { body: '\ud800' }, 'Invalid characters'],
    ['more bytes than it takes', { body: 'é'.repeat(600) }, 'Message must be shorter than 1024 bytes'],
    [
      'more bytes with attributes',
      { body: 'x'.repeat(1020), attributes: { a: { DataType: 'String', StringValue: 'b' } } },
      'Message must be shorter than 1024 bytes',
    ],
    ['a delay above 15 minutes', { body: 'a', delaySeconds: 901 }, 'DelaySeconds must be >= 0 and <= 900'],
    ['a deduplication id', { body: 'a', deduplicationId: 'x' }, 'not valid for this queue type'],
    [
      'an attribute without a value',
      { body: 'a', attributes: { b: { DataType: 'String' } } },
      'non-empty value',
    ],
    [
      'an attribute of no known type',
      { body: 'a', attributes: { b: { DataType: 'Text', StringValue: 'c' } } },
      'invalid message attribute type',
    ],
  ])('refuses %s', (_, message, reason) => {
    const { queue } = setUp({ maxMessageBytes: 1024 });
    expect(() => queue.send(message)).toThrow(reason);
  });

  it('accepts line breaks, letters of all planes and noncharacters of XML', () => {
    const { queue } = setUp({});
    for (const body of ['\t\n\r', '\u007f\u0085', '😀\ud7ff\ue000\ufffd']) queue.send({ body });
    expect(queue.counts().visible).toBe(3);
  });
});

describe('A FIFO queue', () => {
  const fifo = { queueName: 'queue.fifo', isFifo: true };
  const send = (queue: Queue, groupId: string, body: string) =>
    queue.send({ body, groupId, deduplicationId: `${groupId}-${body}` });

  it('delivers nothing of a group with a message in flight', async () => {
    const { queue } = setUp(fifo);
    for (const body of ['1', '2']) send(queue, 'a', body);
    send(queue, 'b', '3');
    const [first] = await queue.receive({ maxMessages: 1 });
    expect(first?.body).toBe('1');
    expect(await receive(queue)).toEqual(['3']);
    queue.delete(first?.receiptHandle ?? '');
    expect(await receive(queue)).toEqual(['2']);
  });

  it('delivers several messages of a group in one receive', async () => {
    const { queue } = setUp(fifo);
    for (const body of ['1', '2', '3']) send(queue, 'a', body);
    expect(await receive(queue, 2)).toEqual(['1', '2']);
    expect(await receive(queue)).toEqual([]);
  });

  it('keeps the order when messages return', async () => {
    const { clock, queue } = setUp({ ...fifo, visibilityTimeoutSeconds: 10 });
    for (const body of ['1', '2', '3']) send(queue, 'a', body);
    const [one, two] = await queue.receive({ maxMessages: 2 });
    queue.changeVisibility(two?.receiptHandle ?? '', 0);
    expect(await receive(queue)).toEqual([]);
    queue.changeVisibility(one?.receiptHandle ?? '', 0);
    expect(await receive(queue)).toEqual(['1', '2', '3']);
    clock.advance(10 * SECOND);
    expect(await receive(queue)).toEqual(['1', '2', '3']);
  });

  it('continues with a group whose first message has become a dead letter', async () => {
    const dead = { ...fifo, queueName: 'dead.fifo' };
    const { clock, queue, other } = setUp(
      {
        ...fifo,
        visibilityTimeoutSeconds: 10,
        redrive: { deadLetterArn: queueSettings(dead).queueArn, maxReceiveCount: 1 },
      },
      dead,
    );
    for (const body of ['1', '2']) send(queue, 'a', body);
    expect(await receive(queue, 1)).toEqual(['1']);
    clock.advance(10 * SECOND);
    expect(await receive(queue, 1)).toEqual(['2']);
    expect(await receive(other)).toEqual(['1']);
  });

  it('accepts a message with the same deduplication id once in five minutes', () => {
    const { clock, queue } = setUp(fifo);
    const first = queue.send({ body: 'a', groupId: 'g', deduplicationId: 'd' });
    clock.advance(5 * MINUTE - 1);
    expect(queue.send({ body: 'b', groupId: 'h', deduplicationId: 'd' })).toEqual(first);
    clock.advance(1);
    const second = queue.send({ body: 'b', groupId: 'g', deduplicationId: 'd' });
    expect(BigInt(second.sequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.sequenceNumber ?? 0));
    expect(queue.counts().visible).toBe(2);
  });

  it('distinguishes messages by their content, and within their groups, if configured', () => {
    const { queue } = setUp({ ...fifo, contentBasedDeduplication: true, deduplicationScope: 'messageGroup' });
    for (const [groupId, body] of [
      ['g', 'a'],
      ['g', 'a'],
      ['h', 'a'],
      ['g', 'b'],
    ] as const) {
      queue.send({ groupId, body });
    }
    expect(queue.counts().visible).toBe(3);
  });

  it('refuses the handle of a message whose visibility timeout has expired', async () => {
    const { clock, queue } = setUp({ ...fifo, visibilityTimeoutSeconds: 1 });
    send(queue, 'a', '1');
    const [message] = await queue.receive({ maxMessages: 1 });
    clock.advance(SECOND);
    expect(() => queue.delete(message?.receiptHandle ?? '')).toThrow('The receipt handle has expired');
  });

  it.each<[string, Parameters<Queue['send']>[0], string]>([
    [
      'no group',
      { body: 'a', deduplicationId: 'x' },
      'The request must contain the parameter MessageGroupId.',
    ],
    ['nothing to deduplicate by', { body: 'a', groupId: 'g' }, 'ContentBasedDeduplication'],
    [
      'a delay of its own',
      { body: 'a', groupId: 'g', deduplicationId: 'x', delaySeconds: 1 },
      'not valid for this queue type',
    ],
  ])('refuses %s', (_, message, reason) => {
    expect(() => setUp(fifo).queue.send(message)).toThrow(reason);
  });
});
