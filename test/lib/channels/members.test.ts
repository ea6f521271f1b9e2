import { SharedConnection, WebSocketServer } from '../../../lib';
import { ManualClock, TestService } from '../../../lib/testing';

class Room extends WebSocketServer {
  static override channels = { 'log/*': { log: { size: 10, seconds: 60 } } };
  override async onPreServer() {
    const user = this.request.query.get('user');
    if (user) await this.identify({ user, info: { name: user } });
    await this.subscribe('room');
  }
  override async onClientMessage(channel: string) {
    await this.subscribe(channel);
  }
}

describe('the members of a channel', () => {
  const start = () => {
    const service = new TestService(Room, { clock: new ManualClock() });
    const clock = service.clock as ManualClock;
    const enter = (user?: string) => service.connect(user ? { query: { user } } : {});
    return { service, clock, enter, room: service.service.channel('room') };
  };

  it('are all connections, the earliest first', async () => {
    const { clock, enter, room } = start();
    const begun = clock.now();
    const bob = await enter('bob');
    await clock.advance(1_000);
    const nameless = await enter();
    expect(await room.members()).toEqual([
      { webSocketId: bob.webSocketId, user: 'bob', info: { name: 'bob' }, since: begun },
      { webSocketId: nameless.webSocketId, since: begun + 1_000 },
    ]);
  });

  it('are all users, with their connections', async () => {
    const { clock, enter, room } = start();
    const begun = clock.now();
    await enter('bob');
    await clock.advance(1_000);
    await enter();
    await enter('ada');
    await enter('bob');
    expect(await room.presence()).toEqual([
      { user: 'bob', info: { name: 'bob' }, since: begun, connections: 2 },
      { user: 'ada', info: { name: 'ada' }, since: begun + 1_000, connections: 1 },
    ]);
  });

  it.each(['later', 'log/1'])('has been there since it joined, if that was later: %s', async (channel) => {
    const { service, clock, enter } = start();
    const bob = await enter('bob');
    await clock.advance(3_600_000);
    const sending = bob.send(channel);
    await clock.advance(1_000);
    await sending;
    const [member] = await service.service.channel(channel).members();
    expect(member).toMatchObject({ user: 'bob' });
    expect(clock.now() - (member?.since ?? 0)).toBeLessThanOrEqual(1_000);
  });

  it('no longer include a user whose connections are closed, but connections elsewhere stay open', async () => {
    const { service, enter, room } = start();
    const [ada, bob, other] = [await enter('ada'), await enter('bob'), await enter('bob')];
    const socket = await SharedConnection.open(other.webSocketId, { backend: service.backend });
    await socket.unsubscribe('room');
    expect(await room.disconnect('bob')).toBe(1);
    await service.runQueued();
    const open = [ada, bob, other].map(({ webSocketId }) => service.gateway.isOpen(webSocketId));
    expect(open).toEqual([true, false, true]);
    expect((await room.presence()).map(({ user }) => user)).toEqual(['ada']);
  });
});
