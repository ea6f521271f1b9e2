import { UserList } from '../../../functions/chat/user-list';
import { Service } from '../../../lib';
import { identificationOrder } from '../../../lib/connections/identification-order';
import { equals, itemExists } from '../../../lib/table/conditions';
import {
  type Call,
  type Intercept,
  ManualClock,
  type TestClient,
  type TestService,
} from '../../../lib/testing';
import { chatService, frames, lastList } from './chat-harness';

describe('the user list', () => {
  let chat: TestService;
  let calls: Call[];

  const counting: Intercept = async (call, apply) => {
    calls.push(call);
    return apply();
  };
  const posts = () => calls.filter(({ operation }) => operation === 'POST').length;
  const connect = (count: number) => Promise.all(Array.from({ length: count }, () => chat.connect()));
  const list = () => chat.table.items().find(({ sk }) => sk === 'LIST');
  const key = { pk: 'CHANNEL#chat#*', sk: 'LIST' };
  /** Changes a name, and crashes before the others are told. */
  const nameInSilence = ({ webSocketId }: TestClient, user: string) =>
    chat.service.store.identifyMember(
      { service: 'chat', webSocketId },
      { user },
      identificationOrder({ at: chat.clock.now(), requestId: 'test' }),
    );

  beforeEach(() => {
    calls = [];
    chat = chatService({ intercept: counting });
  });

  it('lists users in the order in which they first chose a name, even after they rename', async () => {
    const [ada, bob, eve] = (await connect(3)) as [TestClient, TestClient, TestClient];
    for (const [client, User] of [
      [bob, 'Bob'],
      [eve, 'Eve'],
      [ada, 'Ada'],
    ] as const)
      await client.send({ User });
    await bob.send({ User: 'Zed' });
    expect(lastList(ada)).toEqual(['Zed', 'Eve', 'Ada']);
  });

  it('goes to clients without a name too, but does not list them', async () => {
    const [ada, nameless] = (await connect(2)) as [TestClient, TestClient];
    await ada.send({ User: 'Ada' });
    expect(lastList(nameless)).toEqual(['Ada']);
  });

  it('removes a client that leaves, for all others', async () => {
    const [ada, bob] = (await connect(2)) as [TestClient, TestClient];
    await ada.send({ User: 'Ada' });
    await bob.send({ User: 'Bob' });
    await ada.close();
    expect(lastList(bob)).toEqual(['Bob']);
  });

  it('costs no post when a client without a name leaves', async () => {
    const [, nameless] = (await connect(2)) as [TestClient, TestClient];
    const before = posts();
    await nameless.close();
    expect(posts()).toBe(before);
  });

  it('carries an increasing revision', async () => {
    const [ada] = (await connect(1)) as [TestClient];
    for (const User of ['a', 'b', 'c']) await ada.send({ User });
    const revisions = frames(ada, 'userlist').map(({ Revision }) => Revision as number);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
  });

  it('handles 50 concurrent names with one post to each client', async () => {
    const clients = await connect(50);
    const before = posts();
    await Promise.all(clients.map((client, n) => client.send({ User: `user ${n}` })));
    expect(posts() - before).toBe(50);
    for (const client of clients) expect(lastList(client)).toHaveLength(50);
  });

  it('combines 40 departures within two seconds into at most nine lists', async () => {
    const clock = new ManualClock();
    chat = chatService({ clock, intercept: counting });
    const clients = await connect(60);
    const naming = Promise.all(clients.map((client, n) => client.send({ User: `user ${n}` })));
    await clock.advance(1_000);
    await naming;
    const [leaving, staying] = [clients.slice(0, 40), clients.slice(40)];
    const before = posts();
    const heardBefore = frames(staying[0] as TestClient, 'userlist').length;
    const departures: Promise<void>[] = [];
    for (const client of leaving) {
      departures.push(client.close());
      await clock.advance(50);
    }
    await clock.advance(5_000);
    await Promise.all(departures);
    for (const client of staying) expect(lastList(client)).toHaveLength(20);
    const lists = frames(staying[0] as TestClient, 'userlist').length - heardBefore;
    expect(lists).toBeLessThanOrEqual(9);
    expect(posts() - before).toBeLessThanOrEqual(9 * 40);
  });

  it('is correct for everyone who stays when all clients rename at once and many leave', async () => {
    const clients = await connect(50);
    const [leaving, staying] = [clients.slice(0, 30), clients.slice(30)];
    await Promise.all([
      ...clients.map((client, n) => client.send({ User: `user ${n}` })),
      ...leaving.map((client) => client.close()),
    ]);
    for (const client of staying) {
      expect(lastList(client)?.sort()).toEqual(staying.map((_, n) => `user ${n + 30}`).sort());
    }
    const anchors = chat.table
      .items()
      .filter(({ pk, sk }) => pk === 'CHANNEL#chat#*' && sk.startsWith('MEMBER#'));
    expect(anchors).toHaveLength(20);
  });

  it('fits into one metered message, and says how many more users there are', async () => {
    const clients = await connect(150);
    await Promise.all(clients.map((client, n) => client.send({ User: `${n} ${'😀'.repeat(55)}` })));
    const [frame] = clients.slice(-1).flatMap((client) => client.received.slice(-1));
    expect(Buffer.byteLength(frame as string)).toBeLessThanOrEqual(32_768);
    const { Users, More } = JSON.parse(frame as string);
    expect(Users.length).toBeGreaterThan(100);
    expect(Users.length + More).toBe(150);
  });

  it('releases its lease when it is done', async () => {
    const [ada] = (await connect(1)) as [TestClient];
    await ada.send({ User: 'Ada' });
    expect(list()).toMatchObject({ rev: 1, posted: 1 });
    expect(list()).not.toHaveProperty('poster');
  });

  it('is posted by the next change if a poster has crashed', async () => {
    const [ada, bob] = (await connect(2)) as [TestClient, TestClient];
    await chat.table.update(
      key,
      { set: { poster: 'dead', until: chat.clock.now() + 1_000, rev: 5 } },
      {
        kind: 'always',
      },
    );
    await ada.send({ User: 'Ada' });
    expect(lastList(bob)).toEqual([]);
    await (chat.clock as ManualClock).advance(1_001);
    await bob.send({ User: 'Bob' });
    expect(lastList(ada)).toEqual(['Ada', 'Bob']);
  });

  it('is repaired by the upkeep if a poster has crashed or a change was not counted', async () => {
    const [ada, bob] = (await connect(2)) as [TestClient, TestClient];
    await ada.send({ User: 'Ada' });
    const upkeep = async () => {
      await chat.functions.invoke('chat-server', { type: 'upkeep' });
      await chat.runQueued();
    };
    await chat.table.update(key, { add: { rev: 1 } }, itemExists);
    await upkeep();
    expect(frames(bob, 'userlist').at(-1)).toMatchObject({ Revision: 3 });
    await nameInSilence(bob, 'Bob');
    await upkeep();
    expect(lastList(ada)).toEqual(['Ada', 'Bob']);
    const before = posts();
    await upkeep();
    expect(posts()).toBe(before);
  });

  it('is handed over by a poster that runs out of time', async () => {
    const clock = new ManualClock();
    chat = chatService({ clock });
    const [ada] = (await connect(1)) as [TestClient];
    const service = new Service('chat', {
      backend: chat.backend,
      serverFunction: 'chat-server',
      deadline: clock.now() + 4_000,
    });
    await nameInSilence(ada, 'Ada');
    await new UserList(service).changed();
    expect(await chat.table.update(key, { set: { seen: true } }, equals('rev', 1))).not.toHaveProperty(
      'poster',
    );
    const running = chat.runQueued();
    await clock.advance(250);
    await running;
    expect(lastList(ada)).toEqual(['Ada']);
  });

  it('reaches a new client whose first list was overtaken', async () => {
    const [ada] = (await connect(1)) as [TestClient];
    let renamed = false;
    chat.gateway.post = ((post) => async (address, data, signal) => {
      const answer = await post(address, data, signal);
      // While the new client's first list is being sent, a name changes and its poster crashes.
      if (!renamed && data.includes('userlist') && address.webSocketId !== ada.webSocketId) {
        renamed = true;
        await nameInSilence(ada, 'Ada');
        await chat.table.update(key, { add: { rev: 1 } }, { kind: 'always' });
      }
      return answer;
    })(chat.gateway.post.bind(chat.gateway));
    const newcomer = await chat.connect();
    expect(frames(newcomer, 'userlist').map(({ Users }) => Users)).toEqual([[], [{ User: 'Ada' }]]);
  });
});
