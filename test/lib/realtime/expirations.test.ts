import { ConnectionsApiError, Service } from '../../../lib';
import { subscriptionToken } from '../../../lib/realtime/token';
import {
  lambdaContext,
  messageEvent,
  SkippingClock,
  type TestClient,
  TestService,
} from '../../../lib/testing';
import { all, connected, Rooms, SECRET, tokenOf } from './rooms';

describe('a realtime connection that expires', () => {
  it('stores when each subscription of a frame expires, with few writes', async () => {
    let updates = 0;
    const test = new TestService(Rooms, {
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'update' && subject.includes('CONNECTION')) updates += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return apply();
      },
    });
    const ada = await connected(test, 'ada');
    const channels = Array.from({ length: 30 }, (_, n) => `secret/${n}`);
    const commands = channels.map((channel, n) => ({
      ...{ id: n + 2, subscribe: { channel, token: subscriptionToken({ user: 'ada', channel }, SECRET) } },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(all(ada).filter(({ subscribe }) => subscribe?.expires)).toHaveLength(30);
    const connection = test.table.items().find(({ sk }) => sk === 'CONNECTION');
    const { attributes } = connection as unknown as { attributes: Record<string, unknown> };
    const subscriptions = Object.keys(attributes).filter((name) => name.startsWith('realtime:'));
    expect(subscriptions).toHaveLength(30);
    // One for each membership, and one for every ten that the connection stores.
    expect(updates).toBeLessThan(45);
  });

  it('forgets the expiration of a subscription that its client has ended', async () => {
    const clock = new SkippingClock(Date.now());
    const test = new TestService(Rooms, { clock });
    const ada = await connected(test, 'ada');
    const token = subscriptionToken({ user: 'ada', channel: 'secret/1', seconds: 60 }, SECRET);
    await ada.send({ id: 2, subscribe: { channel: 'secret/1', token } });
    await ada.send({ id: 3, unsubscribe: { channel: 'secret/1' } });
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    await test.runQueued();
    // Some clients that are told to subscribe again do so even if they have left.
    expect(all(ada).at(-1)).toEqual({ id: 3, unsubscribe: {} });
    const connection = test.table.items().find(({ sk }) => sk === 'CONNECTION');
    expect(JSON.stringify(connection)).not.toContain('secret/1');
  });

  it('keeps a connection that renews its token, and ends one that does not', async () => {
    const clock = new SkippingClock(Date.now());
    const test = new TestService(Rooms, { clock });
    const [ada, bob] = [
      await connected(test, 'ada', { seconds: 60 }),
      await connected(test, 'bob', { seconds: 60 }),
    ];
    await ada.send({ id: 2, refresh: { token: tokenOf('ada', { seconds: 600 }) } });
    // The token uses the machine's clock, which may be ahead of the test's clock.
    expect(all(ada)[1]).toMatchObject({ id: 2, refresh: { expires: true, ttl: expect.any(Number) } });
    expect(all(ada)[1].refresh.ttl).toBeGreaterThanOrEqual(600);
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    await test.runQueued();
    expect([ada, bob].map(({ webSocketId }) => test.gateway.isOpen(webSocketId))).toEqual([true, false]);
    expect(all(bob).at(-1)).toEqual({ push: { disconnect: { code: 3005, reason: 'connection expired' } } });
  });

  describe('with a token that is renewed', () => {
    const channels = ['room/1', 'open/1'];
    const writesOf = async (info: object) => {
      const written: string[] = [];
      const test = new TestService(Rooms, {
        intercept: async ({ operation, subject }, apply) => {
          if (operation === 'update' && subject.includes('MEMBER#'))
            written.push(subject.split(' ')[0] ?? '');
          return apply();
        },
      });
      const ada = await connected(test, 'ada', { info: { name: 'Ada', color: 'red' } });
      for (const channel of channels) await ada.send({ id: 2, subscribe: { channel } });
      written.length = 0;
      await ada.send({ id: 3, refresh: { token: tokenOf('ada', { seconds: 600, info }) } });
      expect(all(ada)).toContainEqual({ id: 3, refresh: expect.objectContaining({ expires: true }) });
      return written.sort();
    };

    it('does not write the rows of its channels if the user’s info is the same', async () => {
      expect(await writesOf({ color: 'red', name: 'Ada' })).toEqual([]);
    });

    it('writes the user’s info to the rows of its channels', async () => {
      expect(await writesOf({ name: 'Countess' })).toEqual([
        ...['CHANNEL#chat#*', 'CHANNEL#chat#open/1', 'CHANNEL#chat#room/1'],
      ]);
    });
  });

  describe('with a token whose info could not be written to all rows', () => {
    let failures = 0;
    let test: TestService;
    let clock: SkippingClock;
    let ada: TestClient;
    let error: jest.SpyInstance;

    /** The user's info in the rows after these tokens. For some of them, the write to the channel's row fails. */
    const infosAfter = async (infos: string[], failing: number) => {
      failures = failing;
      for (const info of infos) {
        await clock.advance(1_000);
        await ada.send({ id: 3, refresh: { token: tokenOf('ada', { seconds: 600, info }) } });
      }
      return new Set(test.table.items().flatMap(({ info }) => (info === undefined ? [] : [info])));
    };

    beforeEach(async () => {
      error = jest.spyOn(console, 'error').mockImplementation(() => {});
      clock = new SkippingClock(Date.now());
      test = new TestService(Rooms, {
        clock,
        intercept: async ({ operation, subject }, apply) => {
          const isRow = operation === 'update' && /CHANNEL#chat#open.*MEMBER#/.test(subject);
          if (isRow && failures-- > 0) throw new Error('throttled');
          return apply();
        },
      });
      ada = await connected(test, 'ada', { info: 'a' });
      await ada.send({ id: 2, subscribe: { channel: 'open/1' } });
    });
    afterEach(() => error.mockRestore());

    it('writes it with the next token', async () => {
      expect(await infosAfter(['b'], 1)).toEqual(new Set(['a', 'b']));
      expect(await infosAfter(['b'], 0)).toEqual(new Set(['b']));
    });

    it('writes it with the next token, even if a token that reverted it has failed, too', async () => {
      expect(await infosAfter(['b', 'a', 'a'], 2)).toEqual(new Set(['a']));
      expect(failures).toBe(-1);
    });
  });

  it('ends expired subscriptions and connections even if connections cannot be kept open', async () => {
    class KeptRooms extends Rooms {
      static override readonly keepAlive = true;
    }
    const clock = new SkippingClock(Date.now());
    const test = new TestService(KeptRooms, { clock });
    const ada = await connected(test, 'ada', { seconds: 60 });
    await clock.advance(120_000);
    const deliver = jest.spyOn(Service.prototype, 'deliver').mockRejectedValue(new Error('throttled'));
    await expect(test.handlers.server({ type: 'sweep' }, lambdaContext())).rejects.toThrow('throttled');
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    deliver.mockRestore();
  });

  it('ends the next connection even if one could not be ended', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation();
    const clock = new SkippingClock(Date.now());
    const failing = new Set<string>();
    const test = new TestService(Rooms, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'DELETE' && failing.has(subject))
          throw new ConnectionsApiError('DELETE', 500, 'a fault');
        return apply();
      },
    });
    const [ada, bob] = [
      await connected(test, 'ada', { seconds: 60 }),
      await connected(test, 'bob', { seconds: 61 }),
    ];
    failing.add(ada.webSocketId);
    await clock.advance(120_000);
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    expect([ada, bob].map(({ webSocketId }) => test.gateway.isOpen(webSocketId))).toEqual([true, false]);
    failing.clear();
    await test.handlers.server({ type: 'sweep' }, lambdaContext());
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
    error.mockRestore();
  });

  it('stores the expirations of subscriptions that frames request concurrently', async () => {
    const test = new TestService(Rooms);
    const ada = await connected(test, 'ada');
    const { webSocketId } = ada;
    const frames = ['secret/1', 'secret/2'].map((channel) =>
      JSON.stringify({
        id: 2,
        subscribe: { channel, token: subscriptionToken({ user: 'ada', channel }, SECRET) },
      }),
    );
    await Promise.all(
      frames.map((frame) => test.handlers.message(messageEvent(frame, { webSocketId }), lambdaContext())),
    );
    const connection = await test.service.store.connection(webSocketId);
    expect(Object.keys(connection?.attributes ?? {}).sort()).toEqual([
      'realtime',
      'realtime:secret/1',
      'realtime:secret/2',
    ]);
  });
});
