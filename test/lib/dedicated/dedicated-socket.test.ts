import {
  type Resumption,
  SharedConnection,
  WebSocketDedicatedError,
  WebSocketServer,
  WebSocketTimeoutError,
} from '../../../lib';
import { sleep } from '../../../lib/clock';
import { OwnershipStore } from '../../../lib/dedicated/ownership';
import {
  connectEvent,
  lambdaContext,
  ManualClock,
  MemoryTable,
  messageEvent,
  TestService,
} from '../../../lib/testing';

/** What the loops did, in all environments. */
const happened: string[] = [];
beforeEach(() => {
  happened.length = 0;
  // The sweep's report, and the errors that end a socket.
  jest.spyOn(console, 'log').mockImplementation(() => {});
  jest.spyOn(console, 'error').mockImplementation(() => {});
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

/** Echoes until `exit`, and counts its lines across handovers. */
class Loop extends WebSocketServer {
  override sharedConnection = false;
  #lines = 0;

  override async server(resumed?: Resumption) {
    happened.push(resumed ? `resumes ${resumed.state}` : 'starts');
    this.#lines = (resumed?.state as number | undefined) ?? 0;
    for (;;) {
      const line = await this.#next();
      if (line === 'exit') return;
      if (line === 'fail') throw new Error('as the client wants it');
      this.#lines++;
      await this.write(`${this.#lines} ${line}`);
    }
  }
  override async onHandover() {
    happened.push(`hands over ${this.#lines}`);
    return this.#lines;
  }
  override async onPostServer(code?: number) {
    happened.push(`onPostServer ${code}`);
  }

  async #next(): Promise<string> {
    for (;;) {
      try {
        return await this.read({ timeoutSeconds: 10 });
      } catch (error) {
        if (!(error instanceof WebSocketTimeoutError)) throw error;
        await this.write('timed out');
      }
    }
  }
}

/** Polls for messages and for the client's departure, and does other work in between. */
class Glances extends WebSocketServer {
  override sharedConnection = false;

  override async server() {
    while (happened.at(-1) !== 'WebSocketClosedError') {
      await sleep(this.service.backend.clock, 1_000);
      await this.read({ timeoutSeconds: 0 }).catch((error) => happened.push(error.constructor.name));
    }
  }
}

describe('a dedicated socket', () => {
  const setUp = async (serverMilliseconds = 900_000) => {
    const clock = new ManualClock();
    const service = new TestService(Loop, { clock, serverMilliseconds });
    const client = await service.connect();
    await clock.advance(100);
    return { clock, service, client };
  };

  it('runs server() as its loop', async () => {
    const { clock, client } = await setUp();
    await client.send('hello');
    await clock.advance(1_500);
    await client.send('again');
    await clock.advance(1_500);
    expect(client.received).toEqual(['1 hello', '2 again']);
    expect(happened).toEqual(['starts']);
  });

  it('lets a read time out, and continues', async () => {
    const { clock, client } = await setUp();
    await clock.advance(21_000);
    expect(client.received).toEqual(['timed out', 'timed out']);
    await client.send('x');
    await clock.advance(1_500);
    expect(client.received.at(-1)).toBe('1 x');
  });

  it('closes when server() returns, and then runs onPostServer', async () => {
    const { clock, service, client } = await setUp();
    await client.send('exit');
    await clock.advance(1_500);
    await service.loopsEnded();
    expect(service.gateway.isOpen(client.webSocketId)).toBe(false);
    expect(happened).toEqual(['starts', 'onPostServer 1000']);
  });

  it('leaves no rows once the closed mark has expired', async () => {
    const { clock, service, client } = await setUp();
    await client.send('exit');
    await client.send('too late');
    await clock.advance(1_500);
    await service.loopsEnded();
    await clock.advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('ends when the client has left', async () => {
    const { clock, service, client } = await setUp();
    await client.send('last word');
    await client.close(1001, 'Going away');
    await clock.advance(60_000);
    await service.loopsEnded();
    expect(happened).toEqual(['starts', 'onPostServer 1001']);
  });

  it('ends when the client has left and $disconnect was lost', async () => {
    const { clock, service, client } = await setUp();
    client.vanish();
    await clock.advance(60_000);
    await service.loopsEnded();
    expect(happened).toEqual(['starts', 'onPostServer undefined']);
  });

  it('treats a client as gone at a glance only when every host of the gateway would know it', async () => {
    const clock = new ManualClock();
    const service = new TestService(Glances, { clock });
    await service.connect();
    await clock.advance(100);
    jest.spyOn(service.gateway, 'get').mockResolvedValue(undefined);
    await clock.advance(29_000);
    expect(new Set(happened)).toEqual(new Set(['WebSocketTimeoutError']));
    await clock.advance(5_000);
    await service.loopsEnded();
    expect(happened.at(-1)).toBe('WebSocketClosedError');
  });

  describe('whose handshake does not finish', () => {
    const cut = async () => {
      const clock = new ManualClock();
      const service = new TestService(Loop, { clock });
      const event = connectEvent({ time: clock.now() });
      const { connectionId: webSocketId } = event.requestContext;
      service.gateway.begin(webSocketId);
      await service.handlers.connect(event, lambdaContext());
      const begun = clock.now();
      let heldMilliseconds = Number.POSITIVE_INFINITY;
      void service.runQueued();
      void service.loopsEnded().then(() => {
        heldMilliseconds = clock.now() - begun;
      });
      await clock.advance(5_000);
      const sweep = async () => {
        void service.handlers.server({ type: 'sweep' }, lambdaContext());
        await clock.advance(1_000);
        void service.runQueued();
        await clock.advance(5_000);
      };
      return { clock, service, webSocketId, heldMilliseconds, sweep };
    };

    it('keeps the server function running for at most three seconds', async () => {
      expect((await cut()).heldMilliseconds).toBeLessThanOrEqual(3_000);
    });

    it('is closed by the second sweep, and server() never runs', async () => {
      const { clock, service, sweep } = await cut();
      await clock.advance(31_000);
      await sweep();
      expect(happened).toEqual([]);
      await clock.advance(31_000);
      await sweep();
      expect(happened).toEqual(['onPostServer undefined']);
      await clock.advance(11 * 60_000);
      expect(service.table.items()).toEqual([]);
    });

    it('leaves no owner when a late copy of the note arrives after all rows were deleted', async () => {
      const clock = new ManualClock();
      const table = new MemoryTable(clock);
      await new OwnershipStore('a', table, clock).noteGone(clock.now());
      expect(table.items()).toEqual([]);
    });

    it('runs its loop when the client sends a message, if the handshake did finish', async () => {
      const { clock, service, webSocketId } = await cut();
      service.gateway.open(webSocketId);
      const message = messageEvent('late', { webSocketId, time: clock.now() });
      await service.handlers.message(message, lambdaContext());
      void service.runQueued();
      await clock.advance(3_000);
      expect(service.gateway.received(webSocketId)).toEqual(['1 late']);
    });

    it('runs its loop after the sweep, if the handshake did finish and the client is silent', async () => {
      const { clock, service, webSocketId, sweep } = await cut();
      service.gateway.open(webSocketId);
      await clock.advance(31_000);
      await sweep();
      expect(happened).toEqual(['starts']);
    });

    it('runs its loop for the last messages of a client that has come and gone in the meantime', async () => {
      const { clock, service, webSocketId } = await cut();
      const message = messageEvent('bye', { webSocketId, time: clock.now() });
      service.gateway.close(webSocketId);
      await service.handlers.message(message, lambdaContext());
      void service.runQueued();
      await clock.advance(4_000);
      expect(happened).toEqual(['starts']);
    });
  });

  it('hands over before its time runs out, with the result of onHandover', async () => {
    const { clock, client } = await setUp(60_000);
    await client.send('one');
    await clock.advance(51_000);
    await client.send('two');
    await clock.advance(1_500);
    expect(happened).toEqual(['starts', 'hands over 1', 'resumes 1']);
    expect(client.received.filter((frame) => frame !== 'timed out')).toEqual(['1 one', '2 two']);
  });

  it('answers every line of a client that keeps talking during handovers, once and in order', async () => {
    const { clock, client } = await setUp(40_000);
    for (let n = 0; n < 200; n++) {
      await client.send(`line ${n}`);
      await clock.advance(1_000);
    }
    expect(client.received).toEqual(Array.from({ length: 200 }, (_, n) => `${n + 1} line ${n}`));
    expect(happened.filter((what) => what.startsWith('hands over')).length).toBeGreaterThan(3);
  });

  it('is closed after twelve handovers', async () => {
    const { clock, service } = await setUp(40_000);
    await clock.advance(15 * 31_000);
    await service.loopsEnded();
    expect(happened.filter((what) => what.startsWith('resumes'))).toHaveLength(12);
    expect(happened.at(-1)).toBe('onPostServer 1000');
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining('handed over 12 times'));
  });

  it('warns immediately that it will be closed early if the function’s timeout is too short', async () => {
    await setUp(120_000);
    expect(console.warn).toHaveBeenCalledWith(
      expect.stringMatching(
        /A dedicated socket is closed after 12 handovers, which is after 25 minutes\. Set its serverTimeout/,
      ),
    );
  });

  it('does not warn if the function has fifteen minutes', async () => {
    await setUp(900_000);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it('hands over even a loop that catches every error', async () => {
    class Stubborn extends Loop {
      override async server(resumed?: Resumption) {
        happened.push(resumed ? 'resumes' : 'starts');
        for (;;) {
          const line = await this.read().catch(() => undefined);
          if (line === 'exit') return;
        }
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Stubborn, { clock, serverMilliseconds: 40_000 });
    const client = await service.connect();
    await clock.advance(45_000);
    expect(happened).toEqual(['starts', 'hands over 0', 'resumes']);
    await client.send('exit');
    await clock.advance(1_000);
    expect(happened.at(-1)).toBe('onPostServer 1000');
  });

  it('is restarted by the next message when its invocation has failed, and the message is delivered again', async () => {
    const { clock, service, client } = await setUp();
    await client.send('fail');
    await clock.advance(1_500);
    await expect(service.loopsEnded()).rejects.toThrow('as the client wants it');
    await client.send('exit');
    await clock.advance(1_500);
    expect(happened).toEqual(['starts', 'resumes undefined']);
  });

  it('cannot be opened by another process', async () => {
    const { service, client } = await setUp();
    const opening = SharedConnection.open(client.webSocketId, { backend: service.backend });
    await expect(opening).rejects.toThrow(WebSocketDedicatedError);
    await expect(opening).rejects.toMatchObject({ code: 'WebSocketDedicated' });
  });

  it('is left alone by the sweep while its owner is alive', async () => {
    const { clock, service, client } = await setUp();
    await clock.advance(60_000);
    const sweep = service.handlers.server({ type: 'sweep' }, lambdaContext());
    await clock.advance(1_000);
    await sweep;
    expect(service.functions.queue).toEqual([]);
    expect(service.gateway.isOpen(client.webSocketId)).toBe(true);
  });

  it('is closed by the sweep when its owner crashed between the end of server() and the close', async () => {
    const { clock, service, client } = await setUp();
    jest.spyOn(service.gateway, 'delete').mockRejectedValueOnce(new Error('no answer'));
    await client.send('exit');
    await clock.advance(1_500);
    await expect(service.loopsEnded()).rejects.toThrow('no answer');
    expect(service.gateway.isOpen(client.webSocketId)).toBe(true);
    await clock.advance(60_000);
    const sweep = service.handlers.server({ type: 'sweep' }, lambdaContext());
    await clock.advance(1_000);
    await sweep;
    await service.runQueued();
    await clock.advance(1_000);
    expect(service.gateway.isOpen(client.webSocketId)).toBe(false);
    expect(happened).toEqual(['starts', 'onPostServer 1000']);
  });
});
