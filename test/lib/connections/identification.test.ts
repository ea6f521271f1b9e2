import { InvalidUseError, InvalidValueError, SharedConnection, WebSocketServer } from '../../../lib';
import type { Identity } from '../../../lib/connections/identity';
import { type TestClient, TestService } from '../../../lib/testing';

const seen: unknown[] = [];
beforeEach(() => {
  seen.length = 0;
});

/** Trusts the name that each client gives. */
class Introduced extends WebSocketServer {
  override async onPreServer() {
    const user = this.request.query.get('user');
    if (user) await this.identify({ user, info: { role: this.request.query.get('role') ?? 'guest' } });
    await this.subscribe('room');
  }
  override async server() {
    seen.push(['server', this.user, this.info]);
  }
  override async onClientMessage(data: string) {
    if (data !== '') await this.identify(JSON.parse(data));
    seen.push(['onClientMessage', this.user, this.info]);
  }
  override async onPostServer() {
    seen.push(['onPostServer', this.user, this.info]);
  }
}

describe('identify', () => {
  const members = async (service: TestService, channel?: string) => {
    const found = [];
    const { service: chat } = service;
    const all = channel === undefined ? chat.members() : chat.channels.members(chat.name, channel);
    for await (const { user, info } of all) found.push({ user, info });
    return found;
  };
  const ada = { user: 'ada', info: { role: 'host' } };

  it('is known in every hook from the handshake on', async () => {
    const client = await new TestService(Introduced).connect({ query: { user: 'ada', role: 'host' } });
    await client.send('');
    await client.close();
    expect(seen).toEqual(
      ['server', 'onClientMessage', 'onPostServer'].map((hook) => [hook, 'ada', { role: 'host' }]),
    );
  });

  it('is on each row that others read: the service’s and the channels’', async () => {
    const service = new TestService(Introduced);
    await service.connect({ query: { user: 'ada', role: 'host' } });
    expect(await members(service)).toEqual([ada]);
    expect(await members(service, 'room')).toEqual([ada]);
  });

  it('may come with a message, and again: every row follows', async () => {
    const service = new TestService(Introduced);
    const client = await service.connect({ query: { user: 'guest 1', role: 'x' } });
    await client.send({ user: 'ada' });
    await client.send('');
    expect(seen.slice(-2)).toEqual([
      ['onClientMessage', 'ada', undefined],
      ['onClientMessage', 'ada', undefined],
    ]);
    expect(await members(service)).toEqual([{ user: 'ada', info: undefined }]);
    expect(await members(service, 'room')).toEqual([{ user: 'ada', info: undefined }]);
  });

  it('is known to another process that opens the connection, and is stored in the channels that it subscribes', async () => {
    const service = new TestService(Introduced);
    const { webSocketId } = await service.connect({ query: { user: 'ada', role: 'host' } });
    const socket = await SharedConnection.open(webSocketId, { backend: service.backend });
    await socket.subscribe('elsewhere');
    expect([socket.user, socket.info]).toEqual(['ada', { role: 'host' }]);
    expect(await members(service, 'elsewhere')).toEqual([ada]);
  });

  it('comes automatically from the principal of an authorizer, whose context stays private', async () => {
    const service = new TestService(Introduced);
    const client = await service.connect({ principalId: 'ada' });
    await client.send('');
    expect(seen).toEqual([
      ['server', 'ada', undefined],
      ['onClientMessage', 'ada', undefined],
    ]);
    expect(await members(service)).toEqual([{ user: 'ada', info: undefined }]);
  });

  it('is undefined for a connection that was not identified', async () => {
    const client = await new TestService(Introduced).connect();
    await client.send('');
    expect(seen).toEqual([
      ['server', undefined, undefined],
      ['onClientMessage', undefined, undefined],
    ]);
  });

  it.each<[string, Identity, RegExp]>([
    ['no user', { user: '' }, /text of 1 to 256 bytes, not empty/],
    ['a user that is no text', { user: 7 as unknown as string }, /not number/],
    ['a user that is too long', { user: 'é'.repeat(129) }, /has 258 bytes, but may have 256/],
    [
      'an info that is too large',
      { user: 'ada', info: 'x'.repeat(511) },
      /has 513 bytes as JSON, but may have 512/,
    ],
    ['an info that is no JSON', { user: 'ada', info: (() => 1) as unknown as string }, /must be JSON/],
  ])('refuses %s', async (_what, identity, complaint) => {
    class Wrong extends WebSocketServer {
      override async onPreServer() {
        await this.identify(identity);
      }
    }
    const connecting = new TestService(Wrong).connect();
    await expect(connecting).rejects.toThrow(InvalidValueError);
    await expect(connecting).rejects.toThrow(complaint);
  });

  it('is refused once the connection has closed', async () => {
    class Late extends WebSocketServer {
      override async onPostServer() {
        await this.identify({ user: 'ada' });
      }
    }
    const client = await new TestService(Late).connect();
    await expect(client.close()).rejects.toThrow(InvalidUseError);
  });
});

describe('request', () => {
  class Asking extends WebSocketServer {
    override async onPreServer() {
      const { query, headers, cookies, sourceAddress, userAgent, authorizer } = this.request;
      seen.push(query.get('topic'), query.getAll('topic'), query.has('Topic'), [...query]);
      seen.push(headers.get('x-forwarded-PROTO'), cookies.get('sid'), sourceAddress, userAgent, authorizer);
    }
    override async onClientMessage() {
      seen.push(this.request);
    }
  }
  const connect = (): Promise<TestClient> =>
    new TestService(Asking).connect({
      query: { topic: 'adt' },
      headers: { Cookie: 'theme=dark; sid="1"', 'User-Agent': 'wscat' },
      principalId: 'ada',
    });

  it('has the query, headers in any case, cookies, address, user agent and authorizer', async () => {
    await connect();
    expect(seen).toEqual([
      ...['adt', ['adt'], false, [['topic', 'adt']]],
      ...['https', '1', '203.0.113.7', 'wscat', { principalId: 'ada' }],
    ]);
  });

  it('is available only in onPreServer', async () => {
    const client = await connect();
    await expect(client.send('hello')).rejects.toThrow(InvalidUseError);
  });
});
