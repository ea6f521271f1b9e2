import { type ConnectionLimits, InvalidValueError, WebSocketServer } from '../../../lib';
import { limitsOf } from '../../../lib/limits/connection-limits';
import { lambdaContext, ManualClock, TestService } from '../../../lib/testing';

const MINUTE = 60_000;

function limited(
  perUser: NonNullable<ConnectionLimits['perUser']>,
  counted: 'environment' | 'table' = 'environment',
) {
  return class Echo extends WebSocketServer {
    static override readonly limits: ConnectionLimits = { perUser, counted };
    override async onClientMessage(data: string) {
      await this.write(data);
    }
  };
}

describe('the limits of one user over all connections', () => {
  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => {});
    jest.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());

  describe('concurrent connections', () => {
    const start = (connections: number) => {
      const clock = new ManualClock();
      return { clock, service: new TestService(limited({ connections }), { clock }) };
    };
    const ada = { principalId: 'ada' };

    it('are limited: the next handshake is refused with 429', async () => {
      const { service } = start(2);
      await service.connect(ada);
      await service.connect(ada);
      await expect(service.connect(ada)).rejects.toThrow('429');
      await expect(service.connect({ principalId: 'bob' })).resolves.toBeDefined();
      expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('"ada" already has 2 connections'));
    });

    it('leave no row of a refused handshake', async () => {
      const { service } = start(1);
      await service.connect(ada);
      const before = service.table.items().length;
      await expect(service.connect(ada)).rejects.toThrow('429');
      expect(service.table.items()).toHaveLength(before);
    });

    it('decrease when one has closed', async () => {
      const { service } = start(1);
      const client = await service.connect(ada);
      await client.close();
      await expect(service.connect(ada)).resolves.toBeDefined();
    });

    it('decrease when one that vanished has been cleaned up', async () => {
      const { clock, service } = start(1);
      const client = await service.connect(ada);
      client.vanish();
      await clock.advance(MINUTE);
      const sweeping = service.handlers.server({ type: 'sweep' }, lambdaContext());
      await clock.advance(MINUTE);
      await sweeping;
      await expect(service.connect(ada)).resolves.toBeDefined();
    });

    it('do not include a handshake that crashed, once it can no longer be in progress', async () => {
      const { clock, service } = start(1);
      const key = { pk: 'USER#chat#ada', sk: 'SOCKET#dead=', joinedAt: clock.now() };
      await service.table.put(key, { kind: 'always' });
      await expect(service.connect(ada)).rejects.toThrow('429');
      await clock.advance(MINUTE);
      await expect(service.connect(ada)).resolves.toBeDefined();
    });

    it('are unlimited for clients that are not identified, at no cost', async () => {
      const { service } = start(1);
      for (let n = 0; n < 3; n++) await service.connect();
      expect(service.table.items().filter(({ pk }) => pk.startsWith('USER#'))).toEqual([]);
    });
  });

  describe.each(['environment', 'table'] as const)('messages, counted in the %s', (counted) => {
    it('are limited over all connections of the user', async () => {
      const Server = limited({ messagesPerSecond: 1, burst: 10 }, counted);
      // The beginning of a window of the table.
      const clock = new ManualClock(Date.UTC(2026, 10, 30));
      const service = new TestService(Server, { clock });
      const clients = [];
      for (const principalId of ['ada', 'ada', 'bob']) clients.push(await service.connect({ principalId }));
      for (let n = 0; n < 8; n++) for (const client of clients) await client.send('hello');
      const echoes = clients.map(({ received }) => received.filter((text) => text === 'hello').length);
      expect((echoes[0] ?? 0) + (echoes[1] ?? 0)).toBe(10);
      expect(echoes[2]).toBe(8);
    });
  });

  it.each([
    [{ connections: 0 }, /limits.perUser.connections of Echo is 0/],
    [{ messagesPerSecond: 0 }, /limits.perUser.messagesPerSecond of Echo is 0/],
    [{ burst: 0.5 }, /limits.perUser.burst of Echo is 0.5/],
  ])('cannot be %j', (perUser, complaint) => {
    expect(() => limitsOf(limited(perUser))).toThrow(InvalidValueError);
    expect(() => limitsOf(limited(perUser))).toThrow(complaint);
  });
});
