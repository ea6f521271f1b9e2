import { Disconnection } from '../../../lib/realtime';
import { subscriptionToken } from '../../../lib/realtime/token';
import { TestService } from '../../../lib/testing';
import { all, connected, inside, Rooms, SECRET, tokenOf } from './rooms';

describe('a subscription of a realtime client', () => {
  it('publishes to a channel without a log, with the publisher’s info', async () => {
    const test = new TestService(Rooms);
    const [ada, bob] = [await connected(test, 'ada'), await connected(test, 'bob')];
    await bob.send({ id: 2, subscribe: { channel: 'open/1' } });
    await ada.send({ id: 2, publish: { channel: 'open/1', data: { n: 1 } } });
    expect(all(ada).at(-1)).toEqual({ id: 2, publish: {} });
    const info = { user: 'ada', client: ada.webSocketId, conn_info: { name: 'ADA' } };
    expect(all(bob).at(-1)).toEqual({ push: { channel: 'open/1', pub: { data: { n: 1 }, info } } });
  });

  it('replies to a subscription to a channel with a log with its position, and posts each line', async () => {
    const test = new TestService(Rooms);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recoverable: true } });
    await ada.send({ id: 3, publish: { channel: 'room/1', data: 'one' } });
    const [, subscribed, ...pushed] = all(ada);
    expect(subscribed).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: expect.any(String), offset: 0 },
    });
    expect(pushed).toContainEqual({
      push: { channel: 'room/1', pub: { data: 'one', offset: 1, info: expect.anything() } },
    });
    expect(pushed).toContainEqual({ id: 3, publish: {} });
  });

  it('sends a reconnecting client what it has missed', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    await channel.publish('two');
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    expect(all(ada)[1]).toEqual({
      id: 2,
      subscribe: {
        ...{ recoverable: true, positioned: true, was_recovering: true, recovered: true, ...position },
        publications: [{ data: 'two', offset: 2 }],
      },
    });
  });

  it('tells a client that was away for longer than the log that it has lost something', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish(0);
    for (let n = 1; n <= 9; n++) await channel.publish(n);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    expect(all(ada)[1]).toMatchObject({
      id: 2,
      subscribe: { was_recovering: true, recovered: false, offset: 10 },
    });
  });

  it('replies with an error to a client that keeps the state itself if it has lost something', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish(0);
    for (let n = 1; n <= 9; n++) await channel.publish(n);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position, flag: 3 } });
    expect(all(ada).slice(1)).toEqual([{ id: 2, error: { code: 112, message: 'unrecoverable position' } }]);
    const { epoch } = (await channel.history()) as { epoch: string };
    await ada.send({ id: 3, subscribe: { channel: 'room/1', recover: true, epoch, offset: 10, flag: 3 } });
    expect(all(ada).at(-1)).toMatchObject({ id: 3, subscribe: { recovered: true, offset: 10 } });
  });

  it('lets a client recover that knows its offset but no epoch', async () => {
    const test = new TestService(Rooms);
    for (const text of ['one', 'two']) await inside(test).channel('room/1').publish(text);
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, offset: 1 } });
    await ada.send({ id: 3, history: { channel: 'room/1', limit: -1, since: { offset: 1 } } });
    await ada.send({ id: 4, history: { channel: 'room/1', limit: -1, since: { offset: 2 }, reverse: true } });
    expect(all(ada).filter(({ id }) => id > 1)).toMatchObject([
      { id: 2, subscribe: { recovered: true, publications: [{ data: 'two', offset: 2 }] } },
      { id: 3, history: { publications: [{ data: 'two', offset: 2 }] } },
      { id: 4, history: { publications: [{ data: 'one', offset: 1 }] } },
    ]);
  });

  it('runs the subscriptions of a frame concurrently, for a client that reconnects with many of them', async () => {
    let [running, most] = [0, 0];
    class Waiting extends Rooms {
      override async onSubscribe() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return true;
      }
    }
    const ada = await connected(new TestService(Waiting), 'ada');
    const commands = Array.from({ length: 40 }, (_, n) => ({
      id: n + 2,
      subscribe: { channel: `open/${n}` },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(
      all(ada)
        .slice(1)
        .sort((one, other) => one.id - other.id),
    ).toEqual(commands.map(({ id }) => ({ id, subscribe: {} })));
    expect(most).toBe(10);
  });

  it('closes the connection after all subscriptions of a frame if one of them closes it', async () => {
    class Closing extends Rooms {
      override async onSubscribe(channel: string): Promise<boolean> {
        if (channel === 'open/2') throw new Disconnection(4500, 'no more');
        return true;
      }
    }
    const test = new TestService(Closing);
    const ada = await connected(test, 'ada');
    const commands = [1, 2, 3].map((n) => JSON.stringify({ id: n + 1, subscribe: { channel: `open/${n}` } }));
    await ada.send(commands.join('\n'));
    expect(all(ada).at(-1)).toEqual({ push: { disconnect: { code: 4500, reason: 'no more' } } });
    expect(test.gateway.isOpen(ada.webSocketId)).toBe(false);
  });

  it('accepts a frame with as many subscriptions as a connection may have', async () => {
    class Many extends Rooms {
      static override readonly limits = { channels: 300 };
    }
    const test = new TestService(Many);
    const ada = await connected(test, 'ada');
    const commands = Array.from({ length: 300 }, (_, n) => ({
      id: n + 2,
      subscribe: { channel: `open/${n}` },
    }));
    await ada.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    expect(all(ada).slice(1)).toHaveLength(300);
    const bob = await test.connect();
    await bob.send('{"id":999,"ping":{}}\n'.repeat(600));
    expect(all(bob).at(-1)).toMatchObject({ push: { disconnect: { code: 3501 } } });
  });

  it('sends the rest of what was missed after a full reply', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    for (let n = 2; n <= 5; n++) await channel.publish(`${n}`.repeat(10_000));
    const ada = await connected(test, 'ada');
    await ada.send({ id: 2, subscribe: { channel: 'room/1', recover: true, ...position } });
    const [, answer, ...rest] = all(ada);
    expect(answer.subscribe).toMatchObject({
      recovered: true,
      offset: 1,
      publications: [{ offset: 2 }, { offset: 3 }],
    });
    expect(rest.map(({ push }) => push.pub?.offset).filter(Boolean)).toEqual([4, 5]);
  });

  it('subscribes a connection to the channels of its token', async () => {
    const test = new TestService(Rooms);
    await inside(test).channel('room/1').publish('one');
    const ada = await connected(test, 'ada', { channels: ['open/1', 'room/1'] });
    expect(all(ada)).toMatchObject([
      { connect: { subs: { 'open/1': {} } } },
      { push: { channel: 'room/1', subscribe: { recoverable: true, positioned: true, offset: 1 } } },
    ]);
  });

  it('continues where a client was in a channel of its token', async () => {
    const test = new TestService(Rooms);
    const channel = inside(test).channel('room/1');
    const { position } = await channel.publish('one');
    await channel.publish('two');
    const ada = await test.connect();
    const subs = { 'room/1': { recover: true, ...position } };
    await ada.send({ id: 1, connect: { token: tokenOf('ada', { channels: ['room/1'] }), subs } });
    expect(all(ada).slice(0, 2)).toMatchObject([
      { connect: { subs: { 'room/1': { recovered: true, was_recovering: true, ...position } } } },
      { push: { channel: 'room/1', pub: { data: 'two', offset: 2 } } },
    ]);
  });

  it('ends a server-side subscription that cannot continue, and starts a new one', async () => {
    const test = new TestService(Rooms);
    await inside(test).channel('room/1').publish('one');
    const ada = await test.connect();
    const subs = { 'room/1': { recover: true, epoch: 'another', offset: 7 } };
    await ada.send({ id: 1, connect: { token: tokenOf('ada', { channels: ['room/1'] }), subs } });
    expect(all(ada).slice(1, 3)).toMatchObject([
      { push: { channel: 'room/1', unsubscribe: { code: 2500 } } },
      { push: { channel: 'room/1', subscribe: { recoverable: true, offset: 1 } } },
    ]);
  });

  it('accepts a subscription token only for this user and channel', async () => {
    const ada = await connected(new TestService(Rooms), 'ada');
    const token = (user: string, channel: string) => subscriptionToken({ user, channel }, SECRET);
    await ada.send({ id: 2, subscribe: { channel: 'secret/1', token: token('ada', 'secret/1') } });
    await ada.send({ id: 3, subscribe: { channel: 'secret/2', token: token('bob', 'secret/2') } });
    await ada.send({ id: 4, subscribe: { channel: 'secret/2', token: token('ada', 'secret/1') } });
    await ada.send({ id: 5, subscribe: { channel: 'secret/2' } });
    const denied = { code: 103, message: 'permission denied' };
    expect(all(ada).slice(1)).toEqual([
      { id: 2, subscribe: { expires: true, ttl: expect.any(Number) } },
      ...[3, 4, 5].map((id) => ({ id, error: denied })),
    ]);
  });
});
