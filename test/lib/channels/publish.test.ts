import { SharedConnection, WebSocketServer } from '../../../lib';
import { lambdaContext, ManualClock, TestService } from '../../../lib/testing';

/** Its clients choose what they subscribe to. */
class Subscribing extends WebSocketServer {
  override async onPreServer() {
    const { queryStringParameters } = this.context.event as { queryStringParameters?: { channel: string } };
    if (queryStringParameters) await this.subscribe(queryStringParameters.channel);
  }
  override async onClientMessage(data: string) {
    const [verb, channel = ''] = data.split(' ');
    if (verb === 'join') await this.subscribe(channel);
    if (verb === 'leave') await this.unsubscribe(channel);
    await this.write((await this.channels()).join());
  }
}

describe('publishing to a channel', () => {
  const setUp = async () => {
    const clock = new ManualClock();
    const service = new TestService(Subscribing, { clock });
    const [ada, bob, eve] = [await service.connect(), await service.connect(), await service.connect()];
    await ada.send('join news');
    await bob.send('join news');
    for (const { received } of [ada, bob]) received.length = 0;
    return { clock, service, ada, bob, eve };
  };

  it('reaches the members', async () => {
    const { service, ada, bob, eve } = await setUp();
    expect(await service.service.publish('news', 'extra!')).toMatchObject({ sent: 2, gone: 0, failed: 0 });
    expect([ada.received, bob.received, eve.received]).toEqual([['extra!'], ['extra!'], []]);
  });

  it('serializes data that is not text once', async () => {
    const { service, ada } = await setUp();
    const toJSON = jest.fn(() => ({ n: 1 }));
    await service.service.channel('news').publish({ toJSON });
    expect(ada.received).toEqual(['{"n":1}']);
    expect(toJSON).toHaveBeenCalledTimes(1);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', { n: 1n }],
  ])('refuses %s, which JSON cannot represent', async (_what, data) => {
    const { service } = await setUp();
    await expect(service.service.channel('news').publish(data)).rejects.toThrow(/A publication must be JSON/);
  });

  it('skips the excluded connections', async () => {
    const { service, ada, bob } = await setUp();
    expect(await service.service.publish('news', 'x', { except: ada.webSocketId })).toMatchObject({
      sent: 1,
    });
    expect([ada.received, bob.received]).toEqual([[], ['x']]);
  });

  it('reaches a member of several of the channels once', async () => {
    const { service, ada } = await setUp();
    await ada.send('join sport');
    ada.received.length = 0;
    expect(await service.service.publish(['news', 'sport'], 'x')).toMatchObject({ sent: 2 });
    expect(ada.received).toEqual(['x']);
  });

  it('reaches nobody in an empty channel', async () => {
    const { service } = await setUp();
    expect(await service.service.publish('empty', 'x')).toMatchObject({ sent: 0, gone: 0 });
  });

  it('subscribes in onPreServer once the connection is accepted', async () => {
    const { service } = await setUp();
    const client = await service.connect({ query: { channel: 'weather' } });
    await service.service.publish('weather', 'rain');
    expect(client.received).toEqual(['rain']);
  });

  it('lets another process subscribe a connection by its id', async () => {
    const { service, eve } = await setUp();
    const socket = await SharedConnection.open(eve.webSocketId, { backend: service.backend });
    expect(await socket.subscribe('news')).toBe(true);
    expect(await socket.channels()).toEqual(['news']);
    await service.service.publish('news', 'x');
    expect(eve.received).toEqual(['x']);
    expect(await socket.unsubscribe('news')).toBe(true);
  });

  it('does not reach a client that has left', async () => {
    const { service, ada } = await setUp();
    await ada.close();
    expect(await service.service.publish('news', 'x')).toMatchObject({ sent: 1, gone: 0 });
    expect(service.table.items().filter(({ sk }) => sk.includes('#news'))).toHaveLength(1);
  });

  it('notices a client that has vanished, and has its departure cleaned up', async () => {
    const { clock, service, ada } = await setUp();
    await clock.advance(60_000);
    ada.vanish();
    expect(await service.service.publish('news', 'x')).toMatchObject({ sent: 1, gone: 1 });
    await service.runQueued();
    const left = service.table.items().filter(({ pk, sk }) => `${pk}${sk}`.includes(ada.webSocketId));
    expect(left).toMatchObject([{ sk: 'CONNECTION', state: 'closed', done: true }]);
  });

  it('has a member without a connection removed', async () => {
    const { clock, service, ada } = await setUp();
    const orphan = service.table
      .items()
      .find(({ sk, pk }) => sk.startsWith('MEMBER#') && pk.endsWith('#news') && sk.endsWith(ada.webSocketId));
    await clock.advance(60_000);
    await ada.close();
    await service.table.put(orphan as NonNullable<typeof orphan>, { kind: 'always' });
    expect(await service.service.publish('news', 'x')).toMatchObject({ sent: 1, gone: 1 });
    await service.runQueued();
    expect(await service.service.publish('news', 'x')).toMatchObject({ sent: 1, gone: 0 });
  });

  it('does not disturb a dedicated loop', async () => {
    class Loop extends WebSocketServer {
      override sharedConnection = false;
      override async server() {
        await this.subscribe('news');
        for await (const _message of this.messages());
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Loop, { clock });
    const client = await service.connect();
    await clock.advance(1_000);
    await service.handlers.server(
      { type: 'settle', members: [{ service: 'chat', webSocketId: client.webSocketId, channel: 'news' }] },
      lambdaContext(),
    );
    await service.service.publish('news', 'x');
    expect(client.received).toEqual(['x']);
  });
});
