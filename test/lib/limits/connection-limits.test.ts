import {
  type ConnectionLimits,
  createHandlers,
  SharedConnection,
  TooManyChannelsError,
  WebSocketServer,
} from '../../../lib';
import type { ServerClass } from '../../../lib/server/server-class';
import { lambdaContext, ManualClock, messageEvent, TestService } from '../../../lib/testing';

function limited(limits: ConnectionLimits, Base: ServerClass = EchoServer): ServerClass {
  return class extends (Base as typeof EchoServer) {
    static override readonly limits = limits;
  };
}

class EchoServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    await this.write(data);
  }
}

class InboxServer extends WebSocketServer {}

describe('the limits of a connection', () => {
  let warnings: jest.SpyInstance;
  beforeEach(() => {
    warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => warnings.mockRestore());

  it('allow a burst of 500 messages by default, and reject further ones in API Gateway’s format', async () => {
    const client = await new TestService(EchoServer).connect();
    for (let n = 0; n < 520; n++) await client.send('hello');
    expect(client.received.filter((text) => text === 'hello')).toHaveLength(500);
    expect(client.received.slice(500)).toEqual([
      expect.stringMatching(/^{"message":"Too Many Requests","connectionId":".+","requestId":".+"}$/),
    ]);
    expect(JSON.parse(client.received[500] as string).connectionId).toBe(client.webSocketId);
  });

  it('log refused messages once a second, not each', async () => {
    const client = await new TestService(limited({ messagesPerSecond: 1, burst: 1 })).connect();
    for (let n = 0; n < 100; n++) await client.send('hello');
    expect(warnings.mock.calls).toEqual([[expect.stringContaining(client.webSocketId)]]);
  });

  it('write nothing to the table for a refused message', async () => {
    const service = new TestService(limited({ messagesPerSecond: 1, burst: 3 }, InboxServer));
    const client = await service.connect();
    const before = service.table.items().length;
    for (let n = 0; n < 50; n++) await client.send('hello');
    expect(service.table.items()).toHaveLength(before + 3);
  });

  describe('counted in several environments', () => {
    /** How many of 100 messages are accepted by ten environments that handle them in turn. */
    const taken = async (counted: 'environment' | 'table') => {
      const Server = limited({ messagesPerSecond: 5, burst: 8, counted });
      const service = new TestService(Server);
      const client = await service.connect();
      const environment = { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'server' };
      const environments = Array.from({ length: 10 }, () =>
        createHandlers(Server, { backend: service.backend, environment }),
      );
      // In the middle of a window: eight seconds contain five of them.
      const time = Date.UTC(2026, 10, 30, 9, 15, 0, 800);
      const { webSocketId } = client;
      for (let n = 0; n < 100; n++) {
        await environments[n % 10]?.message(messageEvent('hello', { webSocketId, time }), lambdaContext());
      }
      return client.received.filter((text) => text === 'hello').length;
    };

    it('hold in each environment separately, at no cost', async () => {
      expect(await taken('environment')).toBe(80);
    });

    it('hold across all environments, for a class that counts in the table', async () => {
      expect(await taken('table')).toBe(8);
    });

    it('let the client continue in the next window, and leave no lasting rows', async () => {
      const clock = new ManualClock();
      const service = new TestService(limited({ messagesPerSecond: 1, burst: 2, counted: 'table' }), {
        clock,
      });
      const client = await service.connect();
      for (let n = 0; n < 5; n++) await client.send('hello');
      await clock.advance(2_000);
      await client.send('again');
      expect(client.received.filter((text) => !text.startsWith('{'))).toEqual(['hello', 'hello', 'again']);
      await clock.advance(70_000);
      expect(service.table.items().filter(({ sk }) => sk.startsWith('RATE#'))).toEqual([]);
    });
  });

  it('close the connection if the class chooses so', async () => {
    const service = new TestService(limited({ messagesPerSecond: 1, burst: 2, excess: 'close' }));
    const client = await service.connect();
    for (let n = 0; n < 3; n++) await client.send('hello');
    expect(service.gateway.isOpen(client.webSocketId)).toBe(false);
    expect(client.received.at(-1)).toContain('Too Many Requests');
  });

  it('can be overridden: a class informs its client in its own protocol', async () => {
    class ChattyServer extends EchoServer {
      static override readonly limits = { messagesPerSecond: 1, burst: 1 };
      override async onMessagesRefused(refused: number): Promise<void> {
        await this.write(`${refused} too many`);
      }
    }
    const client = await new TestService(ChattyServer).connect();
    await client.send('one');
    await client.send('two');
    expect(client.received).toEqual(['one', '1 too many']);
  });

  it('do not fail for a client that has left in the meantime', async () => {
    const service = new TestService(limited({ messagesPerSecond: 1, burst: 1 }));
    const client = await service.connect();
    await client.send('one');
    client.vanish();
    await expect(client.send('two')).resolves.toBeUndefined();
  });

  it.each<[ConnectionLimits, string]>([
    [{ messagesPerSecond: 0 }, 'limits.messagesPerSecond of .* is 0, but it must be a number above 0'],
    [{ burst: Number.NaN }, 'limits.burst of .* is NaN, but it must be a number of 1 or more'],
    [{ channels: -1 }, 'limits.channels'],
    [
      { counted: 'nowhere' as 'table' },
      'limits.counted of .* is nowhere, but it must be "environment" or "table"',
    ],
    [{ excess: 'drop' as 'close' }, 'limits.excess of .* is drop, but it must be "error" or "close"'],
  ])('refuse %j', async (limits, message) => {
    await expect(new TestService(limited(limits)).connect()).rejects.toThrow(new RegExp(message));
  });

  describe('of channels', () => {
    class GreedyServer extends WebSocketServer {
      static override readonly limits = { channels: 3 };
      override async onPreServer(): Promise<void> {
        for (let n = 0; n < Number(this.context.event?.requestContext.authorizer?.principalId ?? 0); n++) {
          await this.subscribe(`news/${n}`);
        }
      }
      override async onClientMessage(data: string): Promise<void> {
        try {
          await this.subscribe(data);
        } catch (error) {
          if (!(error instanceof TooManyChannelsError)) throw error;
          await this.write(error.message);
        }
      }
    }

    it('hold in onPreServer, before anything is written', async () => {
      const service = new TestService(GreedyServer);
      await expect(service.connect({ principalId: '4' })).rejects.toThrow(TooManyChannelsError);
      expect(service.table.items()).toEqual([]);
      await expect(service.connect({ principalId: '3' })).resolves.toBeDefined();
    });

    it('hold afterwards, and do not count a channel twice', async () => {
      const service = new TestService(GreedyServer);
      const client = await service.connect({ principalId: '2' });
      for (const channel of ['a', 'a', 'b']) await client.send(channel);
      expect(client.received).toEqual([
        expect.stringMatching(/cannot subscribe to the channel b: .* allows 3 channels.*limits/),
      ]);
      const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
      expect(await socket.channels()).toEqual(['a', 'news/0', 'news/1']);
    });

    it('hold for concurrent subscriptions', async () => {
      const service = new TestService(GreedyServer);
      const client = await service.connect();
      await Promise.all(Array.from({ length: 20 }, (_, n) => client.send(`c${n}`)));
      const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
      const channels = await socket.channels();
      expect(channels.length).toBeLessThanOrEqual(3);
      const members = service.table.items().filter(({ pk }) => pk.startsWith('CHANNEL#chat#c'));
      expect(members).toHaveLength(channels.length);
    });

    it('do not apply to another process, which no client controls', async () => {
      const service = new TestService(GreedyServer);
      const client = await service.connect({ principalId: '3' });
      const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
      expect(await socket.subscribe('more')).toBe(true);
    });
  });
});
