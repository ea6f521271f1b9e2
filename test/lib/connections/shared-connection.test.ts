import {
  PostFailedError,
  SharedConnection,
  WebSocketClosedError,
  WebSocketOpeningError,
  WebSocketServer,
  WebSocketUnknownError,
} from '../../../lib';
import { ManualClock, TestService } from '../../../lib/testing';

class Silent extends WebSocketServer {}

describe('SharedConnection', () => {
  const setUp = async () => {
    const clock = new ManualClock();
    const service = new TestService(Silent, { clock });
    const client = await service.connect();
    return {
      clock,
      service,
      client,
      open: () => SharedConnection.open(client.webSocketId, { backend: service.backend }),
    };
  };

  it('writes to a WebSocket that it knows only by id', async () => {
    const { client, open } = await setUp();
    await (await open()).write('Something has changed!');
    expect(client.received).toEqual(['Something has changed!']);
  });

  it('ends it, and may do so again', async () => {
    const { service, client, open } = await setUp();
    const socket = await open();
    await socket.end();
    expect(service.gateway.isOpen(client.webSocketId)).toBe(false);
    await socket.end();
  });

  it('returns its status', async () => {
    const { clock, open } = await setUp();
    const socket = await open();
    const connectedAt = new Date(clock.now());
    await clock.advance(1_000);
    await socket.write('x');
    expect(await socket.status()).toEqual({
      connectedAt,
      lastActiveAt: new Date(clock.now()),
      identity: { sourceIp: '127.0.0.1' },
    });
  });

  it('distinguishes an unknown id from a closed one', async () => {
    const { service, client, open } = await setUp();
    await client.close();
    await expect(open()).rejects.toThrow(WebSocketClosedError);
    await expect(open()).rejects.toMatchObject({
      code: 'CSPWebSocketClosed',
      webSocketId: client.webSocketId,
    });
    const unknown = SharedConnection.open('never-was=', { backend: service.backend });
    await expect(unknown).rejects.toThrow(WebSocketUnknownError);
    await expect(unknown).rejects.toThrow(/"never-was="/);
  });

  it('learns from a write that the client is gone, and has the departure cleaned up', async () => {
    const { clock, service, client, open } = await setUp();
    const socket = await open();
    client.vanish();
    await clock.advance(31_000);
    await expect(socket.write('hello?')).rejects.toThrow(WebSocketClosedError);
    await service.runQueued();
    await expect(open()).rejects.toThrow(WebSocketClosedError);
  });

  it('learns the same from a status request', async () => {
    const { clock, service, client, open } = await setUp();
    const socket = await open();
    client.vanish();
    await clock.advance(31_000);
    await expect(socket.status()).rejects.toThrow(WebSocketClosedError);
    expect(service.functions.queue).toHaveLength(1);
  });

  it('does not treat a connection that may still be opening as gone', async () => {
    const { clock, service, client, open } = await setUp();
    const socket = await open();
    service.gateway.begin(client.webSocketId);
    const writing = expect(socket.write('hello')).rejects.toThrow(WebSocketOpeningError);
    await clock.advance(2_000);
    await writing;
    await expect(socket.status()).rejects.toThrow(WebSocketOpeningError);
    expect(service.functions.queue).toEqual([]);
  });

  it('reports why a write failed', async () => {
    const { clock, service, open } = await setUp();
    const socket = await open();
    service.gateway.failNextPosts(403);
    await expect(socket.write('hello')).rejects.toThrow(PostFailedError);
    service.gateway.failNextPosts(...Array.from({ length: 100 }, () => 429));
    const writing = expect(socket.write('hello')).rejects.toThrow(/status 429/);
    await clock.advance(20_000);
    await writing;
  });
});
