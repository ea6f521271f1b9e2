import { sleep } from '../../../lib/clock';
import { connectEvent, lambdaContext, ManualClock, newWebSocketId, TestService } from '../../../lib/testing';
import { happened, Recorder } from './recorder';

describe('the server function', () => {
  const setUp = async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const webSocketId = newWebSocketId();
    service.gateway.begin(webSocketId);
    await service.handlers.connect(connectEvent({ webSocketId, time: clock.now() }), lambdaContext());
    const run = (requestId: string, remainingMilliseconds = 120_000) =>
      service.handlers.server(
        { type: 'server', webSocketId },
        lambdaContext({ requestId, remainingMilliseconds }),
      );
    const sweep = async () => {
      jest.spyOn(console, 'log').mockImplementation(() => {});
      const sweeping = service.handlers.server({ type: 'sweep' }, lambdaContext());
      await clock.advance(1_000);
      await sweeping;
    };
    return { clock, service, webSocketId, run, sweep };
  };

  it('waits a few seconds for the handshake', async () => {
    const { clock, service, webSocketId, run } = await setUp();
    const running = run('one');
    await clock.advance(1_500);
    expect(happened).not.toContain('server 12');
    service.gateway.open(webSocketId);
    await clock.advance(1_000);
    await running;
    expect(service.gateway.received(webSocketId)).toEqual(['welcome']);
  });

  it('waits at most three seconds for a handshake that does not finish', async () => {
    const { clock, run } = await setUp();
    const begun = clock.now();
    let ended: number | undefined;
    void run('one').then(() => {
      ended = clock.now();
    });
    await clock.advance(60_000);
    expect((ended as number) - begun).toBeLessThanOrEqual(3_000);
    expect(happened).toEqual(['onPreServer ']);
  });

  it('probes a slow gateway often enough before it gives up on the handshake', async () => {
    const { clock, service, webSocketId, run } = await setUp();
    const ask = service.gateway.get.bind(service.gateway);
    jest.spyOn(service.gateway, 'get').mockImplementation(async (address) => {
      await sleep(clock, 1_000);
      return ask(address);
    });
    const running = run('one');
    await clock.advance(6_000);
    service.gateway.open(webSocketId);
    await clock.advance(3_000);
    await running;
    expect(happened).toContain('server 12');
  });

  it('runs after the next sweep if the handshake has finished after all', async () => {
    const { clock, service, webSocketId, run, sweep } = await setUp();
    const running = run('one');
    await clock.advance(5_000);
    await running;
    service.gateway.open(webSocketId);
    service.functions.queue.splice(0);
    await clock.advance(30_000);
    await sweep();
    expect(service.functions.queue).toEqual([
      { functionName: 'chat-server', request: { type: 'server', webSocketId } },
    ]);
    await service.runQueued();
    expect(service.gateway.received(webSocketId)).toEqual(['welcome']);
  });

  it('runs once even if Lambda delivers the request twice', async () => {
    const { service, webSocketId, run } = await setUp();
    service.gateway.open(webSocketId);
    await Promise.all([run('one'), run('two')]);
    expect(happened.filter((what) => what === 'server 12')).toHaveLength(1);
  });

  it('runs again when Lambda retries the same request', async () => {
    const { service, webSocketId, run } = await setUp();
    service.gateway.open(webSocketId);
    await run('one');
    await run('one');
    expect(happened.filter((what) => what === 'server 12')).toHaveLength(2);
  });

  it('leaves a handshake that never finished to the sweep, which cleans it up', async () => {
    const { clock, service, run, sweep } = await setUp();
    const running = run('one');
    await clock.advance(31_000);
    await running;
    await sweep();
    expect(happened).toEqual(['onPreServer ', 'onPostServer undefined undefined 12']);
    await clock.advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('cleans up immediately a connection that is gone when its request arrives late', async () => {
    const { clock, run } = await setUp();
    await clock.advance(31_000);
    await run('one');
    expect(happened.at(-1)).toBe('onPostServer undefined undefined 12');
  });
});
