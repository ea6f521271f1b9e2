import { createHash } from 'node:crypto';
import { type Session, WebSocketClosedError, WebSocketServer } from '../../../lib';
import { always } from '../../../lib/table/conditions';
import { connectEvent, lambdaContext, ManualClock, newWebSocketId, TestService } from '../../../lib/testing';

const happened: string[] = [];
beforeEach(() => {
  happened.length = 0;
});

/** Uses the hook at the end of the session, unless it was connected with `?quiet`. */
class Recorder extends WebSocketServer {
  override async onPreServer() {
    const { event } = this.context;
    const quiet = event && 'headers' in event && event.queryStringParameters?.quiet !== undefined;
    this.sessionEndOnClose = !quiet;
    this.attributes.seat = 12;
  }
  override async server() {
    happened.push(`server ${this.sessionId}`);
  }
  override async onClientMessage() {
    happened.push(`onClientMessage ${this.sessionId}`);
  }
  override async onPostServer() {
    happened.push(`onPostServer ${this.sessionId}`);
  }
  override async onSessionEnd() {
    happened.push(`onSessionEnd ${this.sessionId} ${this.attributes.seat}`);
  }
}

const ids = async (session: Session) => {
  const found: string[] = [];
  for await (const { webSocketId } of session.members()) found.push(webSocketId);
  return found.sort();
};
const ends = () => happened.filter((what) => what.startsWith('onSessionEnd'));

describe('the session of a socket', () => {
  const headers = { Cookie: 'theme=dark; sid=secret' };
  const hash = createHash('sha256').update('chat\nsecret').digest('base64url');

  it('is the authorizer’s principal', async () => {
    const service = new TestService(Recorder, { sessionCookie: 'sid' });
    await service.connect({ headers, principalId: 'ada' });
    expect(happened).toEqual(['server ada']);
  });

  it('is otherwise the hash of the session cookie, in every hook', async () => {
    const client = await new TestService(Recorder, { sessionCookie: 'sid' }).connect({ headers });
    await client.send('hello');
    await client.close();
    expect(happened).toEqual([
      `server ${hash}`,
      `onClientMessage ${hash}`,
      `onPostServer ${hash}`,
      `onSessionEnd ${hash} 12`,
    ]);
  });

  it.each([
    ['without a cookie', 'sid', {}],
    ['with another cookie', 'id', headers],
    ['of a service that reads none', '', headers],
  ])('is empty %s', async (_name, sessionCookie, sent) => {
    await new TestService(Recorder, { sessionCookie }).connect({ headers: sent });
    expect(happened).toEqual(['server ']);
  });

  it('is known to a process that has the cookie', () => {
    const { service } = new TestService(Recorder);
    expect(service.sessionIdOfCookie('secret')).toBe(hash);
  });

  it('is different in another service', () => {
    const { service } = new TestService(Recorder, { name: 'echo' });
    expect(service.sessionIdOfCookie('secret')).not.toBe(hash);
  });

  it('stores no cookie in the table', async () => {
    const service = new TestService(Recorder, { sessionCookie: 'sid' });
    await service.connect({ headers });
    expect(JSON.stringify(service.table.items())).toContain(hash);
    expect(JSON.stringify(service.table.items())).not.toContain('secret');
  });
});

describe('service.session()', () => {
  it('lists the sockets of one session in another process', async () => {
    const service = new TestService(Recorder);
    const [ada, again] = [
      await service.connect({ principalId: 'ada' }),
      await service.connect({ principalId: 'ada' }),
    ];
    await service.connect({ principalId: 'bob' });
    await service.connect();
    const session = service.service.session('ada');
    expect(await ids(session)).toEqual([ada.webSocketId, again.webSocketId].sort());
    await ada.close();
    expect(await ids(session)).toEqual([again.webSocketId]);
  });

  it('can be the target of a delivery', async () => {
    const service = new TestService(Recorder);
    const ada = await service.connect({ principalId: 'ada' });
    const bob = await service.connect({ principalId: 'bob' });
    const to = service.service.session('ada').members();
    expect(await service.service.deliver('hello', { to })).toMatchObject({ sent: 1 });
    expect([ada.received, bob.received]).toEqual([['hello'], []]);
  });

  it('is empty for an empty id, even if sockets without a session are connected', async () => {
    const service = new TestService(Recorder);
    await service.connect();
    expect(await ids(service.service.session(''))).toEqual([]);
  });
});

describe('onSessionEnd', () => {
  const connectAll = async (...queries: Record<string, string>[]) => {
    const service = new TestService(Recorder);
    const clients = [];
    for (const query of queries) clients.push(await service.connect({ principalId: 'ada', query }));
    return { service, clients };
  };

  it('runs when the last socket of a session has closed, after its onPostServer', async () => {
    const { clients } = await connectAll({}, {});
    await clients[0]?.close();
    expect(ends()).toEqual([]);
    await clients[1]?.close();
    expect(happened.slice(-2)).toEqual(['onPostServer ada', 'onSessionEnd ada 12']);
  });

  it('runs once when the last two sockets close at the same time', async () => {
    const { clients } = await connectAll({}, {});
    await Promise.all(clients.map((client) => client.close()));
    expect(ends()).toHaveLength(1);
  });

  it('runs if any socket of the session requested it', async () => {
    const { clients } = await connectAll({}, { quiet: '' });
    for (const client of clients) await client.close();
    expect(ends()).toHaveLength(1);
  });

  it('does not run unless requested', async () => {
    const { clients } = await connectAll({ quiet: '' }, { quiet: '' });
    for (const client of clients) await client.close();
    expect(ends()).toEqual([]);
  });

  it('does not run for a socket without a session', async () => {
    const client = await new TestService(Recorder).connect();
    await client.close();
    expect(ends()).toEqual([]);
  });

  it('runs for a socket that vanished, once this is noticed', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const client = await service.connect({ principalId: 'ada' });
    client.vanish();
    await clock.advance(31_000);
    const members = [{ service: 'chat', webSocketId: client.webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(ends()).toHaveLength(1);
    expect(await ids(service.service.session('ada'))).toEqual([]);
  });

  it('can no longer write', async () => {
    class Clinging extends Recorder {
      override async onSessionEnd() {
        await this.write('wait!');
      }
    }
    const client = await new TestService(Clinging).connect({ principalId: 'ada' });
    await expect(client.close()).rejects.toThrow(WebSocketClosedError);
  });

  it('that failed halfway runs again after the lease of its cleanup', async () => {
    let failing = true;
    class Failing extends Recorder {
      override async onSessionEnd() {
        if (failing) throw new Error('not now');
        await super.onSessionEnd();
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Failing, { clock });
    const client = await service.connect({ principalId: 'ada' });
    await expect(client.close()).rejects.toThrow('not now');
    failing = false;
    await clock.advance(46_000);
    const members = [{ service: 'chat', webSocketId: client.webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(ends()).toHaveLength(1);
  });
});

describe('a session’s cost', () => {
  const count = async (ServerClass: typeof WebSocketServer, principals: string[]) => {
    const calls: string[] = [];
    const service = new TestService(ServerClass as never, {
      intercept: async (call, apply) => {
        if (call.to === 'table' && call.subject.startsWith('SESSION')) calls.push(call.operation);
        return apply();
      },
    });
    const clients = [];
    for (const principalId of principals) clients.push(await service.connect({ principalId }));
    const connecting = calls.length;
    for (const client of clients) await client.close();
    return { connecting, leaving: calls.length - connecting };
  };
  class Unasking extends WebSocketServer {}

  it.each([
    ['nothing without a session', Recorder, ['', ''], { connecting: 0, leaving: 0 }],
    ['a call each for coming and going', Unasking, ['ada', 'ada'], { connecting: 2, leaving: 2 }],
    ['two more for an end that is told', Recorder, ['ada', 'ada'], { connecting: 2, leaving: 4 }],
  ])('is %s', async (_name, ServerClass, principals, calls) => {
    expect(await count(ServerClass as never, principals)).toEqual(calls);
  });
});

describe('a member whose connection is no longer in the table', () => {
  it('is found by its anchor, and leaves its session', async () => {
    const clock = new ManualClock();
    const service = new TestService(Recorder, { clock });
    const { webSocketId } = await service.connect({ principalId: 'ada' });
    await service.table.delete({ pk: `CONNECTION#${webSocketId}`, sk: 'CONNECTION' }, always);
    await clock.advance(31_000);
    const members = [{ service: 'chat', webSocketId }];
    await service.handlers.server({ type: 'settle', members }, lambdaContext());
    expect(ends()).toEqual(['onSessionEnd ada undefined']);
    expect(service.table.items().map(({ sk }) => sk)).toEqual(['SESSION']);
  });
});

describe('a socket that left before it joined its session', () => {
  it('is not connected', async () => {
    const service = new TestService(Recorder, {
      intercept: async (call, apply) => {
        if (call.operation === 'update' && call.subject.startsWith('SESSION') && !told) {
          told = true;
          await service.disconnect(webSocketId, 1006, '');
        }
        return apply();
      },
    });
    let told = false;
    const webSocketId = newWebSocketId();
    service.gateway.begin(webSocketId);
    const event = connectEvent({ webSocketId, principalId: 'ada' });
    expect(await service.handlers.connect(event, lambdaContext())).toEqual({ statusCode: 500 });
    expect(await ids(service.service.session('ada'))).toEqual([]);
  });
});
