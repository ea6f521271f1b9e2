import { type Resumption, SharedConnection, WebSocketServer, WebSocketTimeoutError } from '../../../lib';
import { lambdaContext, ManualClock, TestService } from '../../../lib/testing';

const happened: string[] = [];
beforeEach(() => {
  happened.length = 0;
  for (const method of ['log', 'error'] as const) jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

/**
 * Reads repeatedly with a timeout of one second, as the tutorial's chat does, and returns each line with its number.
 */
class Loop extends WebSocketServer {
  #lines = 0;

  override async server(resumed?: Resumption) {
    happened.push(resumed ? `resumes ${resumed.state}` : 'starts');
    this.#lines = Number(resumed?.state ?? 0);
    for (;;) {
      try {
        const line = await this.read({ timeoutSeconds: 1 });
        if (line === 'exit') return;
        if (line === 'fail') throw new Error('as the client wants it');
        await this.write(`${++this.#lines} ${line}`);
      } catch (error) {
        if (!(error instanceof WebSocketTimeoutError)) throw error;
      }
    }
  }
  override async onHandover() {
    return this.#lines;
  }
  override async onPostServer() {
    happened.push('onPostServer');
  }
}

describe('server() of a shared socket that reads in a loop', () => {
  const setUp = async (serverMilliseconds = 60_000) => {
    const clock = new ManualClock();
    const service = new TestService(Loop, { clock, serverMilliseconds });
    const client = await service.connect();
    await clock.advance(100);
    const sweep = async () => {
      const sweeping = service.handlers.server({ type: 'sweep' }, lambdaContext());
      await clock.advance(1_000);
      await sweeping;
      await service.runQueued();
      await clock.advance(100);
    };
    return { clock, service, client, sweep };
  };

  it('continues in new invocations for as long as the socket is open', async () => {
    const { clock, client } = await setUp();
    for (let n = 0; n < 10; n++) {
      await client.send(`line ${n}`);
      await clock.advance(60_000);
    }
    expect(client.received).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 1} line ${n}`));
    expect(happened.slice(0, 3)).toEqual(['starts', 'resumes 1', 'resumes 2']);
  });

  it('ends with the socket, and runs onPostServer', async () => {
    const { clock, service, client } = await setUp();
    await client.close();
    await clock.advance(120_000);
    await service.loopsEnded();
    expect(happened).toEqual(['starts', 'onPostServer']);
    await clock.advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('does not start again after it has returned, and leaves the socket open', async () => {
    const { clock, service, client, sweep } = await setUp();
    await client.send('exit');
    await clock.advance(5_000);
    await service.loopsEnded();
    await clock.advance(120_000);
    await sweep();
    expect(happened).toEqual(['starts']);
    expect(service.gateway.isOpen(client.webSocketId)).toBe(true);
  });

  it('is restarted by the sweep when its invocation has crashed', async () => {
    const { clock, service, client, sweep } = await setUp();
    await client.send('fail');
    await clock.advance(5_000);
    await expect(service.loopsEnded()).rejects.toThrow('as the client wants it');
    await clock.advance(60_000);
    await sweep();
    expect(happened).toEqual(['starts', 'resumes undefined']);
    await client.send('again');
    await clock.advance(5_000);
    expect(client.received).toEqual(['1 again']);
  });

  it('is left alone by the sweep while it is running', async () => {
    const { clock, sweep } = await setUp(900_000);
    await clock.advance(60_000);
    await sweep();
    expect(happened).toEqual(['starts']);
  });

  it('is started once even if Lambda delivers the handover twice', async () => {
    const { clock, service, client } = await setUp();
    await clock.advance(60_000);
    const { webSocketId } = client;
    await service.handlers.server({ type: 'server', webSocketId }, lambdaContext());
    expect(happened).toEqual(['starts', 'resumes 0']);
  });

  it('shares its messages with other readers', async () => {
    const { clock, service, client } = await setUp();
    await client.send('exit');
    await clock.advance(5_000);
    await client.send('for others');
    const socket = await SharedConnection.open(client.webSocketId, { backend: service.backend });
    expect(await socket.read({ timeoutSeconds: 5 })).toBe('for others');
  });
});
