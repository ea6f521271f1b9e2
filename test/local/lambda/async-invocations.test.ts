import type { AsynchronousSettings } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { AsyncInvocations } from '../../../local/lambda/async-invocations';
import { failure, TOO_MANY_REQUESTS } from '../../../local/lambda/failure';
import type { InvocationOutcome } from '../../../local/lambda/invocation';
import { RecordedDeliveries } from '../recorded-deliveries';
import { Fixture, RememberingLog } from './function-fixture';

/** Lets promises that are already settled continue. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const DEAD_LETTERS = 'arn:aws:sqs:us-east-1:000000000000:dead-letters';
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Work';

describe('AsyncInvocations', () => {
  const start = (
    outcomeOf: (requestId: string) => InvocationOutcome,
    settings?: AsynchronousSettings,
    destinations?: RecordedDeliveries,
  ) => {
    const clock = new ManualClock();
    const notices: string[] = [];
    const attempts: { at: number; requestId: string; attempt: number }[] = [];
    const startedAt = clock.now();
    const queue = new AsyncInvocations({
      clock,
      limits: { asynchronousEvents: 3, asynchronousPayloadCharacters: 100 },
      notice: (_, text) => notices.push(text),
      run: async ({ requestId, attempt }) => {
        attempts.push({ at: (clock.now() - startedAt) / 1000, requestId, attempt });
        return outcomeOf(requestId);
      },
      settingsOf: (functionName) => (functionName === 'Work' ? settings : undefined),
      functionArn: () => FUNCTION_ARN,
      ...(destinations && { destinations }),
    });
    const advance = async (seconds: number) => {
      clock.advance(seconds * 1000);
      await settled();
    };
    return { queue, notices, attempts, advance };
  };

  it('does not repeat a successful event', async () => {
    const { queue, attempts, advance } = start((requestId) => ({ kind: 'success', requestId, payload: '1' }));
    queue.accept('Work', '{}');
    await advance(3600);
    expect(attempts).toHaveLength(1);
  });

  it('retries a failed event after one and two minutes with the same request id, then drops it', async () => {
    const { queue, notices, attempts, advance } = start((requestId) => failure(requestId, 'Error', 'no'));
    const requestId = queue.accept('Work', '{}');
    await settled();
    for (let second = 0; second < 600; second += 10) await advance(10);
    expect(attempts).toEqual([
      { at: 0, requestId, attempt: 1 },
      { at: 60, requestId, attempt: 2 },
      { at: 180, requestId, attempt: 3 },
    ]);
    expect(notices.at(-1)).toBe(`event ${requestId} was dropped: 3 attempts failed, the last with Error`);
  });

  const failing = () => start((requestId) => failure(requestId, 'Error', 'no'));

  it('refuses more events than it may keep, until some are finished', async () => {
    const { queue, notices, advance } = failing();
    const accepted = Array.from({ length: 5 }, () => queue.accept('Work', '{}') !== undefined);
    expect(accepted).toEqual([true, true, true, false, false]);
    expect(notices).toEqual([expect.stringMatching(/^3 events .* are already waiting/)]);
    await settled();
    for (let second = 0; second < 600; second += 10) await advance(10);
    expect(queue.accept('Work', '{}')).toBeDefined();
  });

  it('refuses an event that is too large in addition to the others', () => {
    const { queue } = failing();
    queue.accept('Work', JSON.stringify('x'.repeat(60)));
    expect(queue.accept('Work', JSON.stringify('x'.repeat(60)))).toBeUndefined();
  });

  it('keeps a throttled event for six hours', async () => {
    const { queue, notices, attempts, advance } = start((requestId) =>
      failure(requestId, TOO_MANY_REQUESTS, 'Rate Exceeded.'),
    );
    const requestId = queue.accept('Work', '{}');
    await settled();
    for (let minute = 0; minute < 7 * 60; minute += 1) await advance(60);
    expect(attempts.length).toBeGreaterThan(70);
    expect(attempts.at(-1)?.at).toBeGreaterThan(5.8 * 3600);
    expect(attempts.at(-1)?.at).toBeLessThanOrEqual(6 * 3600);
    expect(notices.at(-1)).toBe(`event ${requestId} was dropped: it is 6 hours old`);
  });

  it('retries an event as often as the app configures, and logs its destination', async () => {
    const { queue, notices, attempts, advance } = start((requestId) => failure(requestId, 'Error', 'no'), {
      retryAttempts: 1,
      onFailureArn: DEAD_LETTERS,
      deadLetterArn: 'arn:aws:sns:us-east-1:000000000000:alarms',
    });
    const requestId = queue.accept('Work', '{}');
    await settled();
    for (let second = 0; second < 600; second += 10) await advance(10);
    expect(attempts).toHaveLength(2);
    expect(notices.at(-1)).toBe(
      `event ${requestId} was dropped: 2 attempts failed, the last with Error. On AWS it goes to the queue dead-letters and the topic alarms`,
    );
  });

  it('does not retry an event if the app has disabled retries', async () => {
    const { queue, notices } = start((requestId) => failure(requestId, 'Error', 'no'), {
      retryAttempts: 0,
    });
    const requestId = queue.accept('Work', '{}');
    await settled();
    expect(notices).toEqual([`event ${requestId} was dropped: its only attempt failed with Error`]);
  });

  it('keeps an event no longer than the app configures', async () => {
    const { queue, notices, attempts, advance } = start((requestId) => failure(requestId, 'Error', 'no'), {
      maxEventAgeSeconds: 90,
      onFailureArn: DEAD_LETTERS,
    });
    const requestId = queue.accept('Work', '{}');
    await settled();
    for (let second = 0; second < 600; second += 10) await advance(10);
    expect(attempts).toHaveLength(2);
    expect(notices.at(-1)).toBe(
      `event ${requestId} was dropped: it is 90 s old. On AWS it goes to the queue dead-letters`,
    );
  });

  it('delivers the record of a permanent failure, and the event itself as a dead letter', async () => {
    const deliveries = new RecordedDeliveries();
    const { queue, notices } = start(
      (requestId) => failure(requestId, 'Error', 'no'),
      { retryAttempts: 0, onFailureArn: DEAD_LETTERS, deadLetterArn: `${DEAD_LETTERS}-2` },
      deliveries,
    );
    const requestId = queue.accept('Work', '{"a":1}');
    await settled();
    expect(deliveries.to(DEAD_LETTERS)).toEqual([
      {
        version: '1.0',
        timestamp: '2026-01-01T00:00:00.000Z',
        requestContext: {
          ...{ requestId, functionArn: `${FUNCTION_ARN}:$LATEST` },
          ...{ condition: 'RetriesExhausted', approximateInvokeCount: 1 },
        },
        requestPayload: { a: 1 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: 'Error', errorMessage: 'no' },
      },
    ]);
    expect(deliveries.all[1]).toEqual({
      arn: `${DEAD_LETTERS}-2`,
      delivery: {
        body: '{"a":1}',
        attributes: {
          RequestID: { DataType: 'String', StringValue: requestId },
          ErrorCode: { DataType: 'Number', StringValue: '200' },
          ErrorMessage: { DataType: 'String', StringValue: 'no' },
        },
      },
    });
    expect(notices.at(-1)).toMatch(/It goes to the queue dead-letters and the queue dead-letters-2$/);
  });

  it('delivers the record of a success, as an event to an event bus', async () => {
    const deliveries = new RecordedDeliveries();
    const onSuccessArn = 'arn:aws:events:us-east-1:000000000000:event-bus/results';
    const { queue } = start(
      (requestId) => ({ kind: 'success', requestId, payload: '"done"' }),
      { onSuccessArn },
      deliveries,
    );
    const requestId = queue.accept('Work', '{}');
    await settled();
    expect(deliveries.to(onSuccessArn)).toMatchObject([
      {
        'detail-type': 'Lambda Function Invocation Result - Success',
        source: 'lambda',
        account: '000000000000',
        region: 'us-east-1',
        detail: { requestContext: { requestId, condition: 'Success' }, responsePayload: 'done' },
      },
    ]);
  });

  it('drops events that wait for a retry when it closes, and logs it', async () => {
    const { queue, notices, attempts, advance } = start((requestId) => failure(requestId, 'Error', 'no'));
    const requestId = queue.accept('Work', '{}');
    await settled();
    queue.close();
    await advance(600);
    expect(attempts).toHaveLength(1);
    expect(notices.at(-1)).toBe(`event ${requestId} was dropped: the runtime stops`);
  });
});

describe('FunctionHost.invokeAsync', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  it('passes the same request id with every attempt', async () => {
    const clock = new ManualClock();
    const log = new RememberingLog();
    const source = `let attempts = 0;
      exports.handler = async (event, { awsRequestId }) => {
        console.log(awsRequestId);
        if (++attempts < 3) throw new Error('again');
      }`;
    const host = fixture.host([fixture.function('Trying', { 'index.js': source })], { clock, log });
    const requestId = host.invokeAsync('Trying', '{}');
    await log.until(() => log.notices.length === 1);
    clock.advance(60_000);
    await log.until(() => log.notices.length === 2);
    clock.advance(120_000);
    await log.until(() => log.ends.length === 3);
    expect(log.texts).toEqual([requestId, requestId, requestId]);
    expect(log.ends.map(({ attempt, outcome }) => [attempt, outcome.kind])).toEqual([
      [1, 'failure'],
      [2, 'failure'],
      [3, 'success'],
    ]);
  });

  it('reports a missing function', async () => {
    const log = new RememberingLog();
    const requestId = fixture.host([], { log }).invokeAsync('Nobody', '{}');
    await log.until(() => log.notices.length === 1);
    expect(log.notices[0]).toMatch(`event ${requestId} was dropped: Function not found`);
  });
});
