import { createHandlers, type WebSocketServer as Server, WebSocketServer } from '../../../lib';
import { connectEvent, lambdaContext, ManualClock, messageEvent, TestService } from '../../../lib/testing';

/** Sends its attributes. `name=value` sets one, and `name=` removes it. */
class Notes extends WebSocketServer {
  override async onPreServer() {
    this.attributes.seat = 12;
  }
  override async onClientMessage(data: string) {
    if (data === 'refresh') await this.refreshAttributes();
    const [name = '', value] = data.split('=');
    if (value === '') delete this.attributes[name];
    else if (value !== undefined) this.attributes[name] = value;
    if (data === 'push') (this.attributes.list as string[]).push('more');
    if (data === 'list') this.attributes.list = [];
    if (data === 'fail') {
      this.attributes.failed = true;
      throw new Error('as the client wants it');
    }
    await this.write(JSON.stringify(this.attributes));
  }
  override async onPostServer() {
    departed.push(JSON.stringify(this.attributes));
  }
}
const departed: string[] = [];
beforeEach(() => {
  departed.length = 0;
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('attributes', () => {
  const setUp = async (
    ServerClass: new (...args: ConstructorParameters<typeof Server>) => Server = Notes,
  ) => {
    const clock = new ManualClock();
    const service = new TestService(ServerClass, { clock });
    const client = await service.connect();
    const { webSocketId } = client;
    const reads = jest.spyOn(service.table, 'get');
    /** Another environment of the routes function, which has no state yet. */
    const environment = () => {
      const { message } = createHandlers(ServerClass, {
        backend: service.backend,
        environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'chat-server' },
      });
      return (text: string) =>
        message(messageEvent(text, { webSocketId, time: clock.now() }), lambdaContext());
    };
    const last = () => JSON.parse(client.received.at(-1) as string);
    return { clock, service, client, reads, environment, last };
  };

  it('are available in onClientMessage', async () => {
    const { client, last } = await setUp();
    await client.send('?');
    expect(last()).toEqual({ seat: 12 });
  });

  it('keep what a message changes, in every environment', async () => {
    const { client, environment, last } = await setUp();
    await client.send('user=ada');
    await environment()('?');
    expect(last()).toEqual({ seat: 12, user: 'ada' });
  });

  it('keep a change inside an attribute, and its removal', async () => {
    const { client, environment, last } = await setUp();
    for (const line of ['list', 'push', 'seat=']) await client.send(line);
    await environment()('?');
    expect(last()).toEqual({ list: ['more'] });
  });

  it('keep nothing from a hook that throws', async () => {
    const { client, environment, last } = await setUp();
    await expect(client.send('fail')).rejects.toThrow('as the client wants it');
    await environment()('?');
    expect(last()).toEqual({ seat: 12 });
  });

  it('are available in onPostServer as the last hook left them', async () => {
    const { client } = await setUp();
    await client.send('user=ada');
    await client.close();
    expect(departed).toEqual(['{"seat":12,"user":"ada"}']);
  });

  it('keep both of two concurrent changes', async () => {
    const { clock, environment, last } = await setUp();
    const saving = ['a=1', 'b=2', 'c=3'].map((line) => environment()(line));
    await clock.advance(5_000);
    await Promise.all(saving);
    await environment()('?');
    expect(last()).toEqual({ seat: 12, a: '1', b: '2', c: '3' });
  });

  it('do not recreate a connection that has closed in the meantime', async () => {
    const { clock, service, client, environment } = await setUp();
    await client.close();
    const saveLate = async () => {
      const saving = environment()('user=ada').catch(() => {});
      await clock.advance(11 * 60_000);
      await saving;
    };
    await saveLate();
    await saveLate();
    expect(service.table.items()).toEqual([]);
  });

  it('are read once by an environment that has not accepted the connection, and never by the one that has', async () => {
    const { client, reads, environment } = await setUp();
    await client.send('?');
    expect(reads).not.toHaveBeenCalled();
    const other = environment();
    for (const line of ['?', '?', '?']) await other(line);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('are read for each message once they have changed', async () => {
    const { client, reads, environment } = await setUp();
    await client.send('user=ada');
    const other = environment();
    for (const line of ['?', '?', '?']) await other(line);
    expect(reads).toHaveBeenCalledTimes(3);
  });

  it('show a first change to an environment that already knew the connection only after a minute, or when it asks', async () => {
    const { clock, client, environment, last } = await setUp();
    const other = environment();
    await other('?');
    await client.send('user=ada');
    await other('?');
    expect(last()).toEqual({ seat: 12 });
    await other('refresh');
    expect(last()).toEqual({ seat: 12, user: 'ada' });
    await clock.advance(60_000);
    await other('?');
    expect(last()).toEqual({ seat: 12, user: 'ada' });
  });

  it('are separate for each event: a hook that fails changes nothing that is remembered', async () => {
    const { client, last } = await setUp();
    await client.send('fail').catch(() => {});
    await client.send('?');
    expect(last()).toEqual({ seat: 12 });
  });

  it('keep what server() changes, immediately if it asks', async () => {
    class Greeter extends Notes {
      override async server() {
        this.attributes.greeted = true;
        await this.saveAttributes();
        const row = await this.service.store.connection(this.webSocketId);
        await this.write(JSON.stringify(row?.attributes));
        this.attributes.done = true;
      }
    }
    const { client, environment, last } = await setUp(Greeter);
    expect(last()).toEqual({ seat: 12, greeted: true });
    await environment()('?');
    expect(last()).toEqual({ seat: 12, greeted: true, done: true });
    await client.close();
  });

  it('keep what the loop of a dedicated socket changes, with each read', async () => {
    class Counter extends WebSocketServer {
      override sharedConnection = false;
      override async server() {
        for await (const line of this.messages()) this.attributes.last = line;
      }
    }
    const { clock, service, client } = await setUp(Counter);
    await client.send('hello');
    await clock.advance(5_000);
    const row = await service.service.store.connection(client.webSocketId);
    expect(row?.attributes).toEqual({ last: 'hello' });
  });

  it('are not undone by a late copy of the handshake’s put', async () => {
    const { service } = await setUp();
    const puts: (() => unknown)[] = [];
    const put = service.table.put.bind(service.table);
    jest.spyOn(service.table, 'put').mockImplementation((item, condition) => {
      puts.push(() => put(item, condition));
      return put(item, condition);
    });
    const event = connectEvent();
    const { connectionId: webSocketId } = event.requestContext;
    service.gateway.open(webSocketId);
    await service.handlers.connect(event, lambdaContext());
    await service.handlers.message(messageEvent('user=ada', { webSocketId }), lambdaContext());
    await puts[0]?.();
    const row = await service.service.store.connection(webSocketId);
    expect(row?.attributes).toEqual({ seat: 12, user: 'ada' });
  });
});
