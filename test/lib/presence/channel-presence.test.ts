import {
  type ChannelRule,
  type ChannelRules,
  type PresenceNews,
  Service,
  SharedConnection,
  WebSocketServer,
} from '../../../lib';
import { Presence } from '../../../lib/presence/presence';
import { channelForm, type PresentUser } from '../../../lib/presence/presence-form';
import type { ServerClass } from '../../../lib/server/server-class';
import {
  type Call,
  lambdaContext,
  type ManualClock,
  type TestClient,
  TestService,
} from '../../../lib/testing';

function rooms(joinLeave: NonNullable<ChannelRule['joinLeave']>) {
  return class Rooms extends WebSocketServer {
    static override channels: ChannelRules = { 'room/*': { joinLeave } };
    override async onPreServer() {
      const user = this.request.query.get('user');
      if (user) await this.identify({ user, info: { name: user.toUpperCase() } });
      if (this.request.query.has('room')) await this.subscribe('room/1');
    }
    override async onClientMessage(data: string) {
      if (data === 'enter') await this.subscribe('room/1');
      else if (data === 'leave') await this.unsubscribe('room/1');
      else await this.identify({ user: data });
    }
  };
}

describe('presence in a channel', () => {
  let service: TestService;
  let calls: Call[];

  const start = (ServerClass: ServerClass, before: (call: Call) => Promise<void> = async () => {}) => {
    calls = [];
    service = new TestService(ServerClass, {
      intercept: async (call, apply) => {
        calls.push(call);
        await before(call);
        return apply();
      },
    });
  };
  const enter = (user?: string) => service.connect({ query: { room: '1', ...(user && { user }) } });
  const heard = (client: TestClient) =>
    (client.messages as { presence: PresenceNews }[]).map(({ presence }) => presence);
  const users = (news: PresenceNews | undefined) =>
    news && 'users' in news ? news.users.map(({ user, connections }) => [user, connections]) : news;
  const posts = () => calls.filter(({ operation }) => operation === 'POST').length;
  const pass = (milliseconds: number) => (service.clock as ManualClock).advance(milliseconds);
  const sweep = async () => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    await service.handlers.server({ type: 'sweep' }, lambdaContext());
    await service.runQueued();
    jest.restoreAllMocks();
  };

  describe('as whole lists', () => {
    beforeEach(() => start(rooms('lists')));

    it('reaches everyone, including the new member', async () => {
      const ada = await enter('ada');
      const bob = await enter('bob');
      for (const client of [ada, bob]) {
        expect(users(heard(client).at(-1))).toEqual([
          ['ada', 1],
          ['bob', 1],
        ]);
      }
    });

    it('has the public info of each user, and since when they are there', async () => {
      const ada = await enter('ada');
      const [news] = heard(ada) as { users: PresentUser[] }[];
      expect(news?.users[0]).toEqual({
        ...{ user: 'ada', info: { name: 'ADA' }, connections: 1 },
        since: expect.any(Number),
      });
    });

    it('has a user with several connections once', async () => {
      const [ada] = [await enter('ada'), await enter('ada')];
      expect(users(heard(ada).at(-1))).toEqual([['ada', 2]]);
    });

    it('does not list unidentified members, but informs them', async () => {
      const nameless = await enter();
      await enter('ada');
      expect(users(heard(nameless).at(-1))).toEqual([['ada', 1]]);
    });

    it('follows members that leave the channel, close, or vanish', async () => {
      const ada = await enter('ada');
      const [bob, eve, zed] = [await enter('bob'), await enter('eve'), await enter('zed')];
      await bob.send('leave');
      expect(users(heard(ada).at(-1))).toEqual([
        ['ada', 1],
        ['eve', 1],
        ['zed', 1],
      ]);
      await eve.close();
      expect(users(heard(ada).at(-1))).toEqual([
        ['ada', 1],
        ['zed', 1],
      ]);
      zed.vanish();
      await pass(60_000);
      await sweep();
      expect(users(heard(ada).at(-1))).toEqual([['ada', 1]]);
    });

    it('follows a user whose identity changes', async () => {
      const ada = await enter('ada');
      await ada.send('countess');
      expect(users(heard(ada).at(-1))).toEqual([['countess', 1]]);
    });

    it('costs at most two lists for each of 50 concurrent new members', async () => {
      const clients = await Promise.all(Array.from({ length: 50 }, (_, n) => enter(`user ${n}`)));
      for (const client of clients) {
        expect(users(heard(client).at(-1))).toHaveLength(50);
        expect(heard(client).length).toBeLessThanOrEqual(2);
      }
    });

    it('follows what another process does', async () => {
      const ada = await enter('ada');
      const bob = await service.connect({ query: { user: 'bob' } });
      const socket = await SharedConnection.open(bob.webSocketId, {
        backend: service.backend,
        serverClass: rooms('lists'),
      });
      await socket.subscribe('room/1');
      await service.runQueued();
      expect(users(heard(ada).at(-1))).toHaveLength(2);
    });

    it('is repaired by the sweep if a process does not know the class, or a poster has crashed', async () => {
      const ada = await enter('ada');
      const bob = await service.connect({ query: { user: 'bob' } });
      const socket = await SharedConnection.open(bob.webSocketId, { backend: service.backend });
      await socket.subscribe('room/1');
      expect(users(heard(ada).at(-1))).toHaveLength(1);
      await sweep();
      expect(users(heard(ada).at(-1))).toHaveLength(2);
      const before = posts();
      await sweep();
      expect(posts()).toBe(before);
    });

    it('leaves nothing permanent: an empty channel is no longer checked', async () => {
      const ada = await enter('ada');
      await ada.close();
      await sweep();
      expect(service.table.items().filter(({ pk }) => pk.startsWith('PRESENCE#'))).toEqual([]);
      const kept = service.table.items().filter(({ sk }) => sk === 'LIST');
      expect(kept.every(({ expiresAt }) => typeof expiresAt === 'number')).toBe(true);
    });

    it('has increasing revisions, even if the row of the list was deleted in between', async () => {
      const revisions = async () => heard(await enter('ada')).map(({ revision }) => revision);
      const [first = 0] = await revisions();
      await service.table.delete({ pk: 'CHANNEL#chat#room/1', sk: 'LIST' }, { kind: 'always' });
      await pass(1_000);
      const [second = 0] = await revisions();
      expect(second).toBeGreaterThan(first);
    });
  });

  describe('in more channels than one sweep can check', () => {
    const CHECK_MILLISECONDS = 6_000;
    let checked: string[];
    let failing: string | undefined;

    /** A sweep with this much time, of which it reserves ten seconds, or half. */
    const mend = async (milliseconds: number) => {
      checked = [];
      const { backend } = service;
      const deadline = service.clock.now() + milliseconds;
      const serverClass = rooms('lists');
      await new Service('chat', { backend, serverClass, deadline }).presence.mendAll();
      return checked;
    };
    const registered = () => service.table.items().filter(({ pk }) => pk.startsWith('PRESENCE#'));

    beforeEach(async () => {
      start(rooms('lists'), async ({ operation, subject }) => {
        const [, channel] = /^CHANNEL#chat#(.*) \/ LIST$/.exec(subject) ?? [];
        if (operation !== 'get' || channel === undefined) return;
        checked?.push(channel);
        await pass(CHECK_MILLISECONDS);
        if (channel === failing) throw new Error('throttled');
      });
      failing = undefined;
      const ada = await service.connect({ query: { user: 'ada' } });
      const socket = await SharedConnection.open(ada.webSocketId, {
        backend: service.backend,
        serverClass: rooms('lists'),
      });
      for (let n = 1; n <= 5; n++) await socket.subscribe(`room/${n}`);
      await service.runQueued();
    });

    it('is checked by the next sweep where this one had to stop', async () => {
      expect(await mend(20_000)).toEqual(['room/1', 'room/2']);
      expect(await mend(20_000)).toEqual(['room/3', 'room/4']);
      expect(await mend(20_000)).toEqual(['room/5']);
      expect(await mend(20_000)).toEqual(['room/1', 'room/2']);
    });

    it('is checked where this sweep would have begun, if there was no time at all', async () => {
      await mend(20_000);
      expect(await mend(0)).toEqual([]);
      expect(await mend(20_000)).toEqual(['room/3', 'room/4']);
    });

    it('leaves no row after all have been checked', async () => {
      for (let n = 0; n < 3; n++) await mend(20_000);
      expect(registered().map(({ sk }) => sk)).toEqual([1, 2, 3, 4, 5].map((n) => `room/${n}`));
    });

    it('is checked in the other channels even if one fails', async () => {
      const logged = jest.spyOn(console, 'error').mockImplementation(() => {});
      failing = 'room/2';
      expect(await mend(120_000)).toHaveLength(5);
      expect(logged).toHaveBeenCalledWith(
        'The channel room/2 of chat could not be looked after: Error: throttled',
      );
      logged.mockRestore();
    });
  });

  describe('as differences', () => {
    beforeEach(() => start(rooms('differences')));

    it('sends a whole list to a new member, and the changes to the others', async () => {
      const ada = await enter('ada');
      const bob = await enter('bob');
      expect(users(heard(bob)[0])).toEqual([
        ['ada', 1],
        ['bob', 1],
      ]);
      expect(heard(ada).at(-1)).toMatchObject({ joined: [{ user: 'bob' }], left: [] });
      await bob.close();
      expect(heard(ada).at(-1)).toMatchObject({ joined: [], left: ['bob'] });
    });

    it('reports that a user with another connection is still there', async () => {
      const ada = await enter('ada');
      const [bob] = [await enter('bob'), await enter('bob')];
      await bob.close();
      expect(heard(ada).at(-1)).toMatchObject({ joined: [{ user: 'bob', connections: 1 }], left: [] });
    });

    it('follows what each client has received before', async () => {
      const ada = await enter('ada');
      for (const user of ['bob', 'eve', 'zed']) await enter(user);
      const news = heard(ada) as { revision: number; since?: number }[];
      for (const [n, { since }] of news.entries()) if (n > 0) expect(since).toBe(news[n - 1]?.revision);
    });

    it('sends a whole list if the changes are not known', async () => {
      const ada = await enter('ada');
      const bob = await service.connect({ query: { user: 'bob' } });
      const socket = await SharedConnection.open(bob.webSocketId, { backend: service.backend });
      await socket.subscribe('room/1');
      await sweep();
      expect(users(heard(ada).at(-1))).toHaveLength(2);
    });
  });

  it('uses the format of the class', async () => {
    start(
      class Own extends rooms('lists') {
        static override encodePresence(channel: string, { revision }: PresenceNews) {
          return `${channel} is at ${revision > 0}`;
        }
      },
    );
    expect((await enter('ada')).received).toEqual(['room/1 is at true']);
  });

  it('is not sent in a channel without such a rule', async () => {
    start(
      class Silent extends rooms('lists') {
        static override channels = {};
      },
    );
    expect((await enter('ada')).received).toEqual([]);
  });

  it('posts to nobody for an empty channel', async () => {
    start(rooms('lists'));
    const presence = new Presence(service.service, channelForm('room/1', 'lists'), { channel: 'room/1' });
    await presence.mend();
    expect(posts()).toBe(0);
  });
});
