import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AsynchronousSettings } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { FunctionHost } from '../../../local/lambda/function-host';
import { invokeHandler } from '../../../local/lambda/invoke-api';
import { RecordedDeliveries } from '../recorded-deliveries';
import { Fixture, RememberingLog } from './function-fixture';

const DEAD_LETTERS = 'arn:aws:sqs:eu-central-1:123456789012:dead-letters';
const FAILURES = 'arn:aws:sqs:eu-central-1:123456789012:failures';

/**
 * Forwards its event, with one more hop, to the function that its environment variable names, and does not wait for
 * it.
 */
const HANDING_ON = `
const https = require('node:https');
exports.handler = ({ hops }) => new Promise((resolve, reject) => {
  const options = {
    host: 'lambda.eu-central-1.amazonaws.com',
    path: '/2015-03-31/functions/' + process.env.NEXT + '/invocations',
    method: 'POST',
    headers: { 'x-amz-invocation-type': 'Event' },
  };
  const answered = ({ statusCode }) => {
    console.log('handed on ' + statusCode);
    resolve();
  };
  https.request(options, answered).on('error', reject).end(JSON.stringify({ hops: hops + 1 }));
});`;

describe('functions that invoke each other with InvocationType Event', () => {
  const fixture = new Fixture();
  let clock: ManualClock;
  let log: RememberingLog;
  let deliveries: RecordedDeliveries;
  let host: FunctionHost;
  let server: Server;

  /** First invokes Second, which invokes Last. */
  async function start(last: string, asynchronous: AsynchronousSettings = {}): Promise<void> {
    clock = new ManualClock(Date.now());
    log = new RememberingLog();
    deliveries = new RecordedDeliveries();
    const next = (NEXT: string) => ({ environment: { NEXT } });
    const functions = [
      fixture.function('First', { 'index.js': HANDING_ON }, next('Second')),
      fixture.function('Second', { 'index.js': HANDING_ON }, next('Last')),
      fixture.function('Last', { 'index.js': last }, { asynchronous }),
    ];
    server = createServer((request, response) => {
      if (!handle(request, response)) response.writeHead(404).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint = () => ({ host: '127.0.0.1', port });
    host = fixture.host(functions, { clock, log, destinations: deliveries, endpoint });
    const handle = invokeHandler(host);
  }
  afterEach(async () => {
    await fixture.closeHosts();
    server.closeAllConnections();
    server.close();
  });
  afterAll(() => fixture.remove());

  const attemptsOfLast = () => log.ends.filter(({ functionName }) => functionName === 'Last');
  const failing = "exports.handler = async ({ hops }) => { throw new RangeError('at hop ' + hops); }";

  it('run one after the other, and each call returns 202 immediately', async () => {
    await start('exports.handler = async ({ hops }) => { console.log("arrived after " + hops); }');
    host.invokeAsync('First', '{"hops":0}');
    await log.until(() => log.ends.length === 3);
    expect(log.texts).toEqual(expect.arrayContaining(['handed on 202', 'handed on 202', 'arrived after 2']));
    expect(log.ends.every(({ outcome }) => outcome.kind === 'success')).toBe(true);
  });

  it('are retried separately: only the failed one, after one and two minutes', async () => {
    await start(failing, { deadLetterArn: DEAD_LETTERS, onFailureArn: FAILURES });
    host.invokeAsync('First', '{"hops":0}');
    await log.until(() => log.notices.length === 1);
    clock.advance(60_000);
    await log.until(() => log.notices.length === 2);
    expect(deliveries.all).toEqual([]);
    clock.advance(120_000);
    await log.until(() => log.notices.length === 3);
    expect(attemptsOfLast().map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(log.ends).toHaveLength(5);
    expect(new Set(attemptsOfLast().map(({ requestId }) => requestId)).size).toBe(1);
  });

  it('end in the dead-letter queue and the destination of the failed one', async () => {
    await start(failing, { retryAttempts: 0, deadLetterArn: DEAD_LETTERS, onFailureArn: FAILURES });
    host.invokeAsync('First', '{"hops":0}');
    await log.until(() => log.notices.length === 1);
    expect(deliveries.to(DEAD_LETTERS)).toEqual([{ hops: 2 }]);
    expect(deliveries.to(FAILURES)).toMatchObject([
      {
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
        requestPayload: { hops: 2 },
        responsePayload: { errorType: 'RangeError', errorMessage: 'at hop 2' },
      },
    ]);
  });
});
