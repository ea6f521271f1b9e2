import { lambdaContext, messageEvent, TestService } from '../../../lib/testing';
import { all, connected, inside, Rooms } from './rooms';

describe('who and what is in a channel, for a realtime client', () => {
  it('tells the members of a channel who is in it', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await ada.send({ id: 2, presence: { channel: 'open/1' } });
    for (const one of [ada, bob]) await one.send({ id: 3, subscribe: { channel: 'open/1' } });
    await ada.send({ id: 4, presence: { channel: 'open/1' } });
    await ada.send({ id: 5, presence_stats: { channel: 'open/1' } });
    expect(all(ada).slice(1)).toEqual([
      { id: 2, error: { code: 103, message: 'permission denied' } },
      { id: 3, subscribe: {} },
      {
        id: 4,
        presence: {
          presence: {
            [ada.webSocketId]: { user: 'ada', client: ada.webSocketId, conn_info: { name: 'ADA' } },
            [bob.webSocketId]: { user: 'bob', client: bob.webSocketId, conn_info: { name: 'BOB' } },
          },
        },
      },
      { id: 5, presence_stats: { num_clients: 2, num_users: 2 } },
    ]);
  });

  it('announces joins and leaves of each connection', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await ada.send({ id: 2, subscribe: { channel: 'room/1' } });
    await bob.send({ id: 2, subscribe: { channel: 'room/1' } });
    await bob.send({ id: 3, unsubscribe: { channel: 'room/1' } });
    const info = { user: 'bob', client: bob.webSocketId, conn_info: { name: 'BOB' } };
    const ofBob = ({
      push,
    }: {
      push?: { join?: { info: { user: string } }; leave?: { info: { user: string } } };
    }) => (push?.join ?? push?.leave)?.info.user === 'bob';
    expect(all(ada).filter(ofBob)).toEqual([
      { push: { channel: 'room/1', join: { info } } },
      { push: { channel: 'room/1', leave: { info } } },
    ]);
  });

  it('notifies clients that join at the same time of each other', async () => {
    const test = new TestService(Rooms);
    const clients = [await connected(test, 'ada'), await connected(test, 'bob')];
    const subscribe = JSON.stringify({ id: 2, subscribe: { channel: 'room/1' } });
    for (const { webSocketId } of clients)
      await test.handlers.message(messageEvent(subscribe, { webSocketId }), lambdaContext());
    await test.runQueued();
    for (const client of clients) {
      const joined = all(client).flatMap(({ push }) => push?.join?.info.user ?? []);
      expect(joined.sort()).toEqual(['ada', 'bob']);
    }
  });

  it('reads the history of a channel with a log', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    for (const text of ['one', 'two', 'three']) await channel.publish(text);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1' } });
    const { epoch } = all(ada)[1].subscribe;
    await ada.send({ id: 3, history: { channel: 'room/1', limit: 2 } });
    await ada.send({ id: 4, history: { channel: 'room/1' } });
    await ada.send({ id: 5, history: { channel: 'room/1', limit: -1, reverse: true } });
    await ada.send({ id: 6, history: { channel: 'room/1', limit: 1, since: { epoch, offset: 2 } } });
    await ada.send({ id: 7, history: { channel: 'room/1', limit: 1, since: { epoch: 'x', offset: 2 } } });
    const [one, two, three] = ['one', 'two', 'three'].map((data, n) => ({ data, offset: n + 1 }));
    expect(
      all(ada)
        .slice(2)
        .filter(({ id }) => id),
    ).toEqual([
      { id: 3, history: { publications: [one, two], epoch, offset: 3 } },
      { id: 4, history: { publications: [], epoch, offset: 3 } },
      { id: 5, history: { publications: [three, two, one], epoch, offset: 3 } },
      { id: 6, history: { publications: [three], epoch, offset: 3 } },
      { id: 7, error: { code: 112, message: 'unrecoverable position' } },
    ]);
  });
});
