import {
  ConfigurationError,
  createHandlers,
  InvalidUseError,
  WebSocketClosedError,
  WebSocketServer,
} from '../../../lib';
import { sleep } from '../../../lib/clock';
import {
  connectEvent,
  disconnectEvent,
  lambdaContext,
  ManualClock,
  newWebSocketId,
  TestService,
} from '../../../lib/testing';

/** Notes what happens to it, across the objects that serve its events. */
const happened: string[] = [];
beforeEach(() => {
  happened.length = 0;
});

class Recorder extends WebSocketServer {
  override async onPreServer() {
    happened.push(`onPreServer ${this.sessionId}`);
    this.attributes.seat = 12;
  }
  override async server() {
    happened.push(`server ${this.attributes.seat}`);
    await this.write('welcome');
  }
  override async onClientMessage(data: string) {
    happened.push(`onClientMessage ${data}`);
    if (data === 'bye') await this.end();
  }
  override async onPostServer(code?: number, reason?: string) {
    happened.push(`onPostServer ${code} ${reason} ${this.attributes.seat}`);
  }
}

class Silent extends WebSocketServer {}

describe('the handlers of a server class', () => {
  it('run its hooks in the order of a connection’s life', async () => {
    const service = new TestService(Recorder);
    const client = await service.connect({ principalId: 'ada' });
    await client.send('hello');
    await client.close(1001, 'Going away');
    expect(happened).toEqual([
      'onPreServer ada',
      'server 12',
      'onClientMessage hello',
      'onPostServer 1001 Going away 12',
    ]);
    expect(client.received).toEqual(['welcome']);
  });

  it('run onPostServer when the server ends the connection', async () => {
    const client = await new TestService(Recorder).connect();
    await client.send('bye');
    expect(happened.at(-1)).toBe('onPostServer 1000 Connection Closed Normally 12');
  });

  it('invoke no server function for a class without server()', async () => {
    const service = new TestService(Silent);
    await service.handlers.connect(connectEvent(), lambdaContext());
    expect(service.functions.queue).toEqual([]);
  });

  it('leave nothing in the table once the closed mark has expired', async () => {
    const service = new TestService(Recorder, { clock: new ManualClock() });
    const client = await service.connect();
    await client.close();
    expect(service.table.items()).toHaveLength(1);
    await (service.clock as ManualClock).advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('take an id only once', async () => {
    const { handlers } = new TestService(Silent);
    const event = connectEvent();
    expect(await handlers.connect(event, lambdaContext())).toEqual({ statusCode: 200 });
    expect(await handlers.connect(event, lambdaContext())).toEqual({ statusCode: 500 });
  });

  it('say which variable is missing from which function', async () => {
    const environment = { SERVICE_NAME: 'chat', AWS_LAMBDA_FUNCTION_NAME: 'ChatRoutes' };
    const { routes } = createHandlers(Silent, { environment });
    const outcome = routes(connectEvent(), lambdaContext());
    await expect(outcome).rejects.toThrow(ConfigurationError);
    await expect(outcome).rejects.toThrow(/function ChatRoutes has no CONNECTION_TABLE/);
    const nameless = createHandlers(Silent, { environment: { AWS_LAMBDA_FUNCTION_NAME: 'ChatRoutes' } });
    await expect(nameless.routes(connectEvent(), lambdaContext())).rejects.toThrow(/no SERVICE_NAME/);
  });

  it('name a request of an unknown type', async () => {
    const { handlers } = new TestService(Silent);
    const outcome = handlers.server({ type: 'dance' } as never, lambdaContext());
    await expect(outcome).rejects.toThrow(/"dance"/);
  });
});

describe('onPreServer', () => {
  class Doorkeeper extends WebSocketServer {
    override async onPreServer() {
      this.refuse(401);
    }
  }
  class Eager extends WebSocketServer {
    override async onPreServer() {
      await this.write('too early');
    }
  }
  class Late extends WebSocketServer {
    override async server() {
      this.refuse();
    }
  }

  it('refuses with its status, and leaves nothing behind', async () => {
    const service = new TestService(Doorkeeper);
    await expect(service.connect()).rejects.toThrow('401');
    expect(service.table.items()).toEqual([]);
  });

  it('cannot write: the handshake is not finished', async () => {
    await expect(new TestService(Eager).connect()).rejects.toThrow(InvalidUseError);
  });

  it('alone may refuse', async () => {
    await expect(new TestService(Late).connect()).rejects.toThrow(/the handshake is already over/);
  });
});

describe('the allowed origins', () => {
  const allowedOrigins = ['https://chat.example', 'http://localhost:*'];
  const status = async (origin: string | undefined, header = 'Origin', allowed = allowedOrigins) => {
    const { handlers } = new TestService(Recorder, { allowedOrigins: allowed });
    const headers = origin === undefined ? {} : { [header]: origin };
    return (await handlers.connect(connectEvent({ headers }), lambdaContext())).statusCode;
  };

  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['no Origin at all, as from wscat', undefined, 200],
    ['one of them', 'https://chat.example', 200],
    ['one of them in capitals', 'HTTPS://CHAT.example', 200],
    ['any port where it is a star', 'http://localhost:3001', 200],
    ['the default port where it is a star', 'http://localhost', 200],
    ['a stranger', 'https://evil.example', 403],
    ['a longer name', 'https://chat.example.evil.example', 403],
    ['a name behind the port', 'http://localhost:1.evil.example', 403],
    ['another scheme', 'http://chat.example', 403],
    ['another port', 'https://chat.example:8443', 403],
    ['an opaque origin', 'null', 403],
    ['an empty one', '', 403],
  ])('decide on %s', async (_name, origin, expected) => {
    expect(await status(origin)).toBe(expected);
  });

  it('are looked for under any case of the header', async () => {
    expect(await status('https://evil.example', 'origin')).toBe(403);
  });

  it('are none by default, and all with a star', async () => {
    expect(await status('https://chat.example', 'Origin', [])).toBe(403);
    expect(await status('https://evil.example', 'Origin', ['*'])).toBe(200);
  });

  it('are asked before onPreServer', async () => {
    await status('https://evil.example');
    expect(happened).toEqual([]);
  });
});

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

  it('waits for the handshake for some seconds', async () => {
    const { clock, service, webSocketId, run } = await setUp();
    const running = run('one');
    await clock.advance(1_500);
    expect(happened).not.toContain('server 12');
    service.gateway.open(webSocketId);
    await clock.advance(1_000);
    await running;
    expect(service.gateway.received(webSocketId)).toEqual(['welcome']);
  });

  it('is held by a handshake that does not finish for no longer than three seconds', async () => {
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

  it('probes a gateway that answers slowly often enough before it leaves the handshake', async () => {
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

  it('runs after the next sweep if the handshake finished after all', async () => {
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

  it('runs once although Lambda delivers the request twice', async () => {
    const { service, webSocketId, run } = await setUp();
    service.gateway.open(webSocketId);
    await Promise.all([run('one'), run('two')]);
    expect(happened.filter((what) => what === 'server 12')).toHaveLength(1);
  });

  it('runs again when Lambda tries the same request again', async () => {
    const { service, webSocketId, run } = await setUp();
    service.gateway.open(webSocketId);
    await run('one');
    await run('one');
    expect(happened.filter((what) => what === 'server 12')).toHaveLength(2);
  });

  it('leaves a handshake that never finished to the sweep, which settles it', async () => {
    const { clock, service, run, sweep } = await setUp();
    const running = run('one');
    await clock.advance(31_000);
    await running;
    await sweep();
    expect(happened).toEqual(['onPreServer ', 'onPostServer undefined undefined 12']);
    await clock.advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('settles at once what is found gone when its request came late', async () => {
    const { clock, run } = await setUp();
    await clock.advance(31_000);
    await run('one');
    expect(happened.at(-1)).toBe('onPostServer undefined undefined 12');
  });
});

describe('a departure', () => {
  it('is settled once, however often $disconnect is told', async () => {
    const service = new TestService(Recorder);
    const client = await service.connect();
    const { webSocketId } = client;
    client.vanish();
    const tell = () => service.handlers.disconnect(disconnectEvent({ webSocketId }), lambdaContext());
    await Promise.all([tell(), tell(), tell()]);
    expect(happened.filter((what) => what.startsWith('onPostServer'))).toHaveLength(1);
  });

  it('that $disconnect did not tell of is noticed by the next delivery', async () => {
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

  it('is not settled on suspicion alone: the gateway is asked', async () => {
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

  it('of one that is too young to tell is left alone', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const client = await service.connect();
    client.vanish();
    await clock.advance(29_000);
    const members = [{ service: 'chat', webSocketId: client.webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(happened).not.toContainEqual(expect.stringContaining('onPostServer'));
  });

  it('cannot write any more in onPostServer', async () => {
    class Clinging extends WebSocketServer {
      override async onPostServer() {
        await this.write('wait!');
      }
    }
    const client = await new TestService(Clinging).connect();
    await expect(client.close()).rejects.toThrow(WebSocketClosedError);
  });

  it('that failed half-way is finished once its lease has passed', async () => {
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
