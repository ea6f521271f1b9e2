import {
  GetConnectionCommand,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { NO_ACCOUNT_QUOTAS } from '../../../local/gateway/quotas';
import { gateways, OK } from './running-gateway';

const start = gateways();

const echo = { returnsResponse: true, run: () => ({ statusCode: 200, body: 'echo' }) };
const THROTTLED = /^{"message": "Too Many Requests", "connectionId":"[^"]+", "requestId":"[^"]+"}$/;

describe('Throttling', () => {
  /** The responses to one message after the other. */
  async function answersTo(
    messages: string[],
    setup: Partial<Parameters<typeof start>[0]>,
  ): Promise<{ answers: string[]; gateway: Awaited<ReturnType<typeof start>> }> {
    const gateway = await start({ routes: { $default: echo, other: echo }, ...setup });
    const client = await gateway.connect();
    const answers: string[] = [];
    for (const message of messages) {
      client.send(message);
      answers.push(await client.next());
    }
    return { answers, gateway };
  }

  it('allows a burst of messages as configured for the stage, and keeps the connection', async () => {
    const throttling = { stage: { perSecond: 1, burst: 3 }, byRoute: {} };
    const gateway = await start({ routes: { $default: echo }, stage: { throttling } });
    const client = await gateway.connect();
    const next = () => {
      client.send('x');
      return client.next();
    };
    // The handshake was the first.
    expect([await next(), await next()]).toEqual(['echo', 'echo']);
    expect(await next()).toMatch(THROTTLED);
    gateway.clock.advance(1_000);
    expect(await next()).toBe('echo');
    expect(await next()).toMatch(THROTTLED);
  });

  it('counts a route with its own settings separately', async () => {
    const throttling = { stage: { perSecond: 0, burst: 3 }, byRoute: { other: { perSecond: 0, burst: 1 } } };
    const other = '{"action":"other"}';
    const { answers } = await answersTo([other, other, 'x', 'x', 'x'], { stage: { throttling } });
    expect(answers).toEqual([
      'echo',
      expect.stringMatching(THROTTLED),
      'echo',
      'echo',
      expect.stringMatching(THROTTLED),
    ]);
  });

  it('runs no function for a throttled message', async () => {
    const { gateway } = await answersTo(['x', 'x'], {
      stage: { throttling: { byRoute: { $default: { perSecond: 0, burst: 1 } } } },
    });
    expect(gateway.functions.count('MESSAGE')).toBe(1);
  });

  it('logs once a second what is throttled', async () => {
    const { gateway } = await answersTo(['x', 'x', 'x'], {
      stage: { throttling: { byRoute: { $default: { perSecond: 0, burst: 1 } } } },
    });
    expect(gateway.logged).toEqual([
      'Requests are throttled (429) by the throttling of the route $default: 0 a second, 1 at once.',
    ]);
  });

  it('refuses a handshake with 429 if the stage allows none', async () => {
    const throttling = { stage: { perSecond: 0, burst: 0 }, byRoute: {} };
    const gateway = await start({ routes: { $connect: OK }, stage: { throttling } });
    const client = gateway.client();
    await expect(client.opened).rejects.toThrow('429');
    expect(client.refusal).toMatchObject({
      headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
      body: '{"message":"Too Many Requests"}',
    });
    expect(gateway.functions.events).toEqual([]);
  });

  it("refuses handshakes above the account's limit of new connections a second", async () => {
    const accountQuotas = { ...NO_ACCOUNT_QUOTAS, newConnectionsPerSecond: 2 };
    const gateway = await start({ routes: { $default: OK }, accountQuotas });
    await gateway.connect();
    await gateway.connect();
    await expect(gateway.connect()).rejects.toThrow('429');
    gateway.clock.advance(500);
    await gateway.connect();
  });

  it("allows the account's 500 new connections a second", async () => {
    const gateway = await start({ routes: { $default: OK } });
    const statuses: string[] = [];
    for (let n = 0; n < 5; n++) {
      const hundred = Array.from({ length: 100 }, () => gateway.connect());
      for (const { status } of await Promise.allSettled(hundred)) statuses.push(status);
    }
    expect(new Set(statuses)).toEqual(new Set(['fulfilled']));
    await expect(gateway.connect()).rejects.toThrow('429');
  });

  it('counts handshakes, messages and posts in one bucket of the account', async () => {
    const accountQuotas = { ...NO_ACCOUNT_QUOTAS, requestsPerSecond: 1, burst: 3 };
    const gateway = await start({ routes: { $connect: OK, $default: echo }, accountQuotas });
    const { client, connectionId: ConnectionId } = await gateway.connectKnown();
    client.send('x');
    await client.next();
    const management = gateway.management();
    await management.send(new GetConnectionCommand({ ConnectionId }));
    const post = management.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }));
    await expect(post).rejects.toThrow(LimitExceededException);
    client.send('x');
    expect(await client.next()).toMatch(THROTTLED);
    await expect(gateway.connect()).rejects.toThrow('429');
  });
});
