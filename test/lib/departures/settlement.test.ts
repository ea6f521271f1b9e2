import { WebSocketClosedError, WebSocketServer } from '../../../lib';
import { disconnectEvent, lambdaContext, ManualClock, TestService } from '../../../lib/testing';
import { happened, Recorder } from '../handlers/recorder';

describe('a departure', () => {
  it('is cleaned up once, however often $disconnect runs', async () => {
    const service = new TestService(Recorder);
    const client = await service.connect();
    const { webSocketId } = client;
    client.vanish();
    const tell = () => service.handlers.disconnect(disconnectEvent({ webSocketId }), lambdaContext());
    await Promise.all([tell(), tell(), tell()]);
    expect(happened.filter((what) => what.startsWith('onPostServer'))).toHaveLength(1);
  });

  it('that $disconnect missed is noticed by the next delivery', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const client = await service.connect();
    client.vanish();
    await clock.advance(31_000);
    expect(await service.service.deliver('news')).toMatchObject({ gone: 1 });
    await service.runQueued();
    expect(happened.at(-1)).toBe('onPostServer undefined undefined 12');
    expect(await service.service.deliver('news')).toMatchObject({ gone: 0, sent: 0 });
  });

  it('is not assumed: the gateway is asked', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const client = await service.connect();
    await clock.advance(31_000);
    const { webSocketId } = client;
    const members = [{ service: 'chat', webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(happened).not.toContainEqual(expect.stringContaining('onPostServer'));
    expect(await service.service.deliver('news')).toMatchObject({ sent: 1 });
  });

  it('of a connection that is too young to decide is ignored', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const client = await service.connect();
    client.vanish();
    await clock.advance(29_000);
    const members = [{ service: 'chat', webSocketId: client.webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(happened).not.toContainEqual(expect.stringContaining('onPostServer'));
  });

  it('can no longer write in onPostServer', async () => {
    class Clinging extends WebSocketServer {
      override async onPostServer() {
        await this.write('wait!');
      }
    }
    const client = await new TestService(Clinging).connect();
    await expect(client.close()).rejects.toThrow(WebSocketClosedError);
  });

  it('that failed halfway is finished after its lease', async () => {
    let failing = true;
    class Failing extends WebSocketServer {
      override async onPostServer() {
        if (failing) throw new Error('not now');
        happened.push('onPostServer');
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Failing, { clock });
    const client = await service.connect();
    await expect(client.close()).rejects.toThrow('not now');
    failing = false;
    const members = [{ service: 'chat', webSocketId: client.webSocketId }];
    const settle = () => service.handlers.server({ type: 'settle', members }, lambdaContext());
    await settle();
    expect(happened).toEqual([]);
    await clock.advance(46_000);
    await settle();
    await settle();
    expect(happened).toEqual(['onPostServer']);
  });
});
