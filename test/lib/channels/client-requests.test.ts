import { type ChannelRules, ClientError, WebSocketServer } from '../../../lib';
import { TestService } from '../../../lib/testing';

/** Handles its clients' requests in its own format. */
class Rooms extends WebSocketServer {
  static override limits = { channels: 1 };
  override async onClientMessage(text: string) {
    const { subscribe, unsubscribe, channel, data } = JSON.parse(text);
    if (subscribe) await this.clientSubscribe(subscribe);
    if (unsubscribe) await this.clientUnsubscribe(unsubscribe);
    if (channel) await this.clientPublish(channel, data);
  }
}

class Open extends Rooms {
  override async onSubscribe(channel: string) {
    if (channel === 'staff') throw new ClientError('NoStaff', 'You are a guest.');
    return channel.startsWith('room/');
  }
  override async onPublish(channel: string, data: unknown) {
    return channel.startsWith('room/') && typeof data === 'string';
  }
}

class Seen extends Rooms {
  static override limits = { channels: 5 };
  static override channels: ChannelRules = { 'seen/*': { presence: true }, 'seen/not': {} };
  override async onClientMessage(text: string) {
    const { user, who } = JSON.parse(text);
    if (user) await this.identify({ user });
    if (who) await this.write(await this.clientPresence(who));
    await super.onClientMessage(text);
  }
  override async onSubscribe() {
    return true;
  }
}

describe('a client’s request for a channel', () => {
  const asks = async (ServerClass: typeof Rooms, ...messages: unknown[]) => {
    const service = new TestService(ServerClass);
    const client = await service.connect();
    for (const message of messages) await client.send(message);
    const channels = await service.service.channels.channelsOf(client.webSocketId);
    return { channels, told: client.messages };
  };

  it('is granted if the hooks allow it', async () => {
    const done = await asks(Open, { subscribe: 'room/1' }, { channel: 'room/1', data: '"hello"' });
    expect(done).toEqual({ channels: ['room/1'], told: ['hello'] });
    expect(await asks(Open, { subscribe: 'room/1' }, { unsubscribe: 'room/1' })).toEqual({
      channels: [],
      told: [],
    });
  });

  it.each([
    ['a channel that onSubscribe does not let in', Open, { subscribe: 'other' }, 'Forbidden'],
    ['a channel that onSubscribe refuses in its own words', Open, { subscribe: 'staff' }, 'NoStaff'],
    ['what onPublish does not let through', Open, { channel: 'room/1', data: 7 }, 'Forbidden'],
    ['a name that is none', Open, { subscribe: 'room 1' }, 'InvalidChannel'],
    ['a name of another type', Open, { subscribe: { a: 1 } }, 'InvalidChannel'],
    ['every subscription, of a class without onSubscribe', Rooms, { subscribe: 'room/1' }, 'Forbidden'],
    ['every publication, of a class without onPublish', Rooms, { channel: 'room/1', data: 'x' }, 'Forbidden'],
  ])('is refused for %s', async (_what, ServerClass, message, code) => {
    const { channels, told } = await asks(ServerClass, message);
    expect(told).toMatchObject([{ code }]);
    expect(channels).toEqual([]);
  });

  it('returns the members, if the channel’s rule lets clients ask', async () => {
    const service = new TestService(Seen);
    const [ada, bob] = [await service.connect(), await service.connect()];
    for (const [client, user] of [
      [ada, 'ada'],
      [bob, 'bob'],
    ] as const) {
      await client.send({ user, subscribe: 'seen/1' });
    }
    await bob.send({ who: 'seen/1' });
    expect(bob.messages).toMatchObject([[{ user: 'ada' }, { user: 'bob', connections: 1 }]]);
  });

  it.each([
    ['a channel that it is not in', 'seen/2'],
    ['a channel without presence', 'seen/not'],
    ['a name that is none', 'seen 1'],
  ])('does not return the members of %s', async (_what, who) => {
    const { told } = await asks(Seen, { subscribe: 'seen/not' }, { who });
    expect(told).toMatchObject([{ code: /^seen 1$/.test(who) ? 'InvalidChannel' : 'Forbidden' }]);
  });

  it('is refused above the limit of channels for one connection', async () => {
    const { channels, told } = await asks(Open, { subscribe: 'room/1' }, { subscribe: 'room/2' });
    expect(told).toMatchObject([{ code: 'TooManyChannels', message: 'You may be in 1 channels.' }]);
    expect(channels).toEqual(['room/1']);
  });
});
