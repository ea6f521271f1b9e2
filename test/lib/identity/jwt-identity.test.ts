import { createHandlers, WebSocketServer } from '../../../lib';
import type { ConnectEvent } from '../../../lib/handlers/events';
import { connectEvent, lambdaContext, ManualClock, TestService } from '../../../lib/testing';
import { Issuer } from './issuer';

const issuer = new Issuer();
const stranger = new Issuer();

interface Seen {
  authorizer: Record<string, unknown>;
  event: unknown;
  subprotocols: readonly string[];
  sessionId: string;
}

/** A service that requires a JWT, and notes what its class receives. */
function service(
  environment: Record<string, string> = {},
  keySet = async () => new TextEncoder().encode(issuer.keySet()).buffer as ArrayBuffer,
) {
  const seen: Seen[] = [];
  class Chat extends WebSocketServer {
    override async onPreServer() {
      const { event } = this.context;
      const { authorizer } = this.request;
      seen.push({ authorizer, event, subprotocols: this.subprotocols, sessionId: this.sessionId });
      if (this.subprotocols.includes('chat.v1')) this.subprotocol = 'chat.v1';
    }
  }
  const clock = new ManualClock();
  const test = new TestService(Chat, { clock });
  const fetched: string[] = [];
  const handlers = createHandlers(Chat, {
    backend: {
      ...test.backend,
      keySet: async (url) => {
        fetched.push(url);
        return keySet();
      },
    },
    environment: {
      SERVICE_NAME: 'chat',
      SERVER_FUNCTION: 'chat-server',
      JWT_ISSUER: issuer.url,
      JWT_AUDIENCE: 'chat,mobile',
      JWT_FROM: 'subprotocol',
      ...environment,
    },
  });
  return {
    ...{ seen, fetched, clock, table: test.table },
    connect: (event: ConnectEvent) => handlers.connect(event, lambdaContext()),
  };
}

const offering = (...subprotocols: string[]) =>
  connectEvent({ headers: { 'Sec-WebSocket-Protocol': subprotocols.join(', ') } });

describe('A handshake with a JWT', () => {
  let logged: string[];
  beforeEach(() => {
    logged = [];
    for (const level of ['log', 'warn', 'error'] as const) {
      jest
        .spyOn(console, level)
        .mockImplementation((...texts: unknown[]) => void logged.push(texts.join(' ')));
    }
  });
  afterEach(() => jest.restoreAllMocks());

  it('reaches onPreServer with the claims', async () => {
    const { connect, seen } = service();
    const { statusCode } = await connect(offering('bearer', issuer.token({ scope: 'talk' })));
    expect(statusCode).toBe(200);
    expect(seen[0]?.authorizer).toMatchObject({ iss: issuer.url, sub: 'ada', scope: 'talk' });
  });

  it('belongs to the session of the subject', async () => {
    const { connect, seen } = service();
    await connect(offering('bearer', issuer.token()));
    expect(seen[0]?.sessionId).toBe('ada');
  });

  it('confirms the subprotocol that carried the token', async () => {
    const { headers } = await service().connect(offering('bearer', issuer.token()));
    expect(headers).toEqual({ 'Sec-WebSocket-Protocol': 'bearer' });
  });

  it('confirms the subprotocol that the class chooses', async () => {
    const { headers } = await service().connect(offering('bearer', issuer.token(), 'chat.v1'));
    expect(headers).toEqual({ 'Sec-WebSocket-Protocol': 'chat.v1' });
  });

  it.each<[string, Record<string, string>, (token: string) => ConnectEvent]>([
    ['a subprotocol', {}, (token) => offering('chat.v1', 'bearer', token)],
    ['a query parameter', { JWT_FROM: 'query' }, (token) => connectEvent({ query: { token, room: 'a' } })],
    [
      'a header',
      { JWT_FROM: 'header' },
      (token) => connectEvent({ headers: { authorization: `Bearer ${token}` } }),
    ],
    [
      'a cookie of another name',
      { JWT_FROM: 'cookie', JWT_NAME: 'sid' },
      (token) => connectEvent({ headers: { Cookie: `theme=dark; sid="${token}"` } }),
    ],
  ])('may carry it as %s, which the class never sees', async (_, environment, event) => {
    const { connect, seen, table } = service(environment);
    const token = issuer.token();
    expect(await connect(event(token))).toMatchObject({ statusCode: 200 });
    const signature = token.split('.')[2] as string;
    expect(JSON.stringify([seen, table.items(), logged])).not.toContain(signature);
  });

  it('keeps the other cookies, query parameters and headers', async () => {
    const { connect, seen } = service({ JWT_FROM: 'cookie' });
    const headers = { cookie: `theme=dark; token=${issuer.token()}; size=2`, 'X-Other': 'kept' };
    await connect(connectEvent({ headers, query: { token: 'a room' } }));
    expect(seen[0]?.event).toMatchObject({
      headers: { cookie: 'theme=dark; size=2', 'X-Other': 'kept' },
      multiValueHeaders: { cookie: ['theme=dark; size=2'] },
      queryStringParameters: { token: 'a room' },
    });
  });

  it.each<[string, () => string[], RegExp]>([
    ['no token', () => ['chat.v1'], /no token in its subprotocols, after "bearer"/],
    ['no token after the subprotocol', () => ['bearer'], /no token/],
    ['an expired token', () => ['bearer', issuer.expiredToken()], /has expired/],
    ['a token without an expiry', () => ['bearer', issuer.token({ exp: undefined })], /no expiry/],
    ['a token for later', () => ['bearer', issuer.token({ nbf: 9_999_999_999 })], /not valid yet/],
    [
      'another audience',
      () => ['bearer', issuer.token({ aud: 'shop' })],
      /another audience than chat or mobile/,
    ],
    ['no audience', () => ['bearer', issuer.token({ aud: undefined })], /another audience/],
    ['another issuer', () => ['bearer', issuer.token({ iss: 'https://evil.example' })], /another issuer/],
    ["another issuer's key", () => ['bearer', stranger.token()], /signature of its token/],
    [
      'an unknown key',
      () => ['bearer', issuer.token({}, { kid: 'x' })],
      /names a key that https:.* does not have/,
    ],
    ['no key', () => ['bearer', issuer.token({}, { kid: undefined })], /names no key/],
    ['no signature', () => ['bearer', issuer.token({}, { alg: 'none' })], /cannot be verified/],
    ['a symmetric algorithm', () => ['bearer', issuer.token({}, { alg: 'HS256' })], /cannot be verified/],
    ['what is no JWT', () => ['bearer', 'a.b'], /is not a JWT/],
    ['a huge token', () => ['bearer', 'a'.repeat(20_000)], /too long/],
  ])('is refused with 401 for %s, with a log line that says why', async (_, offered, why) => {
    const { connect, seen } = service();
    const subprotocols = offered();
    expect(await connect(offering(...subprotocols))).toEqual({ statusCode: 401 });
    expect(seen).toEqual([]);
    expect(logged).toEqual([expect.stringMatching(why)]);
    for (const part of (subprotocols[1] ?? 'nothing').split('.').filter(({ length }) => length > 4)) {
      expect(logged[0]).not.toContain(part);
    }
  });

  it('accepts any of the audiences, and the client id of a token without one', async () => {
    const { connect } = service();
    for (const claims of [{ aud: ['shop', 'mobile'] }, { aud: undefined, client_id: 'chat' }]) {
      expect(await connect(offering('bearer', issuer.token(claims)))).toMatchObject({ statusCode: 200 });
    }
  });

  it('fetches the keys once for many handshakes', async () => {
    const { connect, fetched } = service();
    await Promise.all([1, 2, 3].map(() => connect(offering('bearer', issuer.token()))));
    await connect(offering('bearer', issuer.token()));
    expect(fetched).toEqual(['https://login.example/.well-known/jwks.json']);
  });

  it('fetches the keys again after two hours', async () => {
    const { connect, fetched, clock } = service();
    await connect(offering('bearer', issuer.token()));
    await clock.advance(2 * 60 * 60_000);
    await connect(offering('bearer', issuer.token()));
    expect(fetched).toHaveLength(2);
  });

  it('fetches the keys once if many tokens name unknown keys', async () => {
    const { connect, fetched } = service();
    for (const kid of ['a', 'b', 'c']) await connect(offering('bearer', issuer.token({}, { kid })));
    expect(fetched).toHaveLength(1);
    expect(await connect(offering('bearer', issuer.token()))).toMatchObject({ statusCode: 200 });
  });

  it('fails with 500 while the keys cannot be fetched, and succeeds afterwards', async () => {
    let isDown = true;
    const { connect } = service({}, async () => {
      const text = isDown ? 'down' : issuer.keySet();
      return new TextEncoder().encode(text).buffer as ArrayBuffer;
    });
    expect(await connect(offering('bearer', issuer.token()))).toEqual({ statusCode: 500 });
    expect(logged).toEqual([expect.stringMatching(/key set https:.*jwks\.json cannot be had/)]);
    isDown = false;
    expect(await connect(offering('bearer', issuer.token()))).toMatchObject({ statusCode: 200 });
  });

  it.each([
    [{ JWT_AUDIENCE: '' }, /JWT_AUDIENCE is not/],
    [{ JWT_FROM: 'body' }, /JWT_FROM is "body"/],
    [{ JWT_ISSUER: 'http://login.example' }, /not an https URL/],
  ])('fails for the settings %j', async (environment, message) => {
    await expect(service(environment).connect(offering('bearer', issuer.token()))).rejects.toThrow(message);
  });
});

describe('A handshake behind an authorizer', () => {
  it('reaches onPreServer with the authorizer’s context', async () => {
    let authorizer: unknown;
    class Chat extends WebSocketServer {
      override async onPreServer() {
        authorizer = this.request.authorizer;
      }
    }
    await new TestService(Chat).connect({ principalId: 'ada', authorizer: { team: 'blue' } });
    expect(authorizer).toEqual({ principalId: 'ada', team: 'blue' });
  });
});
