import { type GatewayEvent, gateways, type Handler, OK } from './running-gateway';

const start = gateways();

const METHOD_ARN = 'arn:aws:execute-api:us-east-1:000000000000:abcde12345/chat/$connect';

const policy = (Effect: string, Resource: unknown = METHOD_ARN, Action: unknown = 'execute-api:Invoke') => ({
  principalId: 'ada',
  policyDocument: { Version: '2012-10-17', Statement: [{ Effect, Action, Resource }] },
});
const allow = () => policy('Allow');

describe('A Lambda authorizer', () => {
  /** The status of a handshake, or 101. */
  async function statusOf(
    run: Handler,
    { identitySources = [] as string[], path = '/chat', headers = {} as Record<string, string> } = {},
  ): Promise<{ status: number; events: GatewayEvent[]; logged: string[] }> {
    const gateway = await start({ routes: { $connect: OK }, authorizer: { identitySources, run } });
    const { events } = gateway.functions;
    const { logged } = gateway;
    const client = gateway.client(path, { headers });
    const status = await client.opened.then(
      () => 101,
      (error: Error) => Number(/\d{3}/.exec(error.message)?.[0]),
    );
    return { status, events, logged };
  }

  it('receives the event that the guide documents', async () => {
    const { events, status } = await statusOf(allow, {
      path: '/chat?token=abc&x=1&x=2',
      headers: { 'X-Room': 'lobby' },
    });
    expect(status).toBe(101);
    const [event] = events as unknown as Record<string, unknown>[];
    expect(Object.keys(event ?? {})).toEqual([
      ...['type', 'methodArn', 'headers', 'multiValueHeaders', 'queryStringParameters'],
      ...['multiValueQueryStringParameters', 'stageVariables', 'requestContext'],
    ]);
    expect(event).toMatchObject({
      type: 'REQUEST',
      methodArn: METHOD_ARN,
      headers: { Connection: 'upgrade', Upgrade: 'websocket', 'content-length': '0', 'X-Room': 'lobby' },
      multiValueHeaders: { Connection: ['upgrade'], Upgrade: ['websocket'], 'content-length': ['0'] },
      queryStringParameters: { token: 'abc', x: '2' },
      multiValueQueryStringParameters: { token: ['abc'], x: ['1', '2'] },
      stageVariables: {},
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', connectionId: expect.any(String) },
    });
  });

  it('is called once, and its context is in every event, with values as strings', async () => {
    const gateway = await start({
      routes: { $connect: OK, $default: OK, $disconnect: OK },
      authorizer: { run: () => ({ ...allow(), context: { level: 3, isAdmin: true, name: 'Ada' } }) },
    });
    const client = await gateway.connect();
    const heard = gateway.functions.next('MESSAGE');
    client.send('hi');
    const message = await heard;
    const left = gateway.functions.next('DISCONNECT');
    client.ws.close();
    const disconnect = await left;
    const context = { level: '3', isAdmin: 'true', name: 'Ada', principalId: 'ada' };
    const [asked, connect] = gateway.functions.events;
    expect(asked?.requestContext).not.toHaveProperty('authorizer');
    expect(connect?.requestContext.authorizer).toEqual({
      ...context,
      integrationLatency: expect.any(Number),
    });
    expect(message.requestContext.authorizer).toEqual(context);
    expect(disconnect.requestContext.authorizer).toEqual(context);
    expect(gateway.functions.events).toHaveLength(4);
  });

  it('of another connection is not in its events', async () => {
    const gateway = await start({
      routes: { $connect: OK, $default: OK },
      authorizer: {
        run: ({ queryStringParameters }) => ({ ...allow(), principalId: queryStringParameters?.who }),
      },
    });
    const [ada, bob] = [await gateway.connect('/chat?who=ada'), await gateway.connect('/chat?who=bob')];
    for (const [client, who] of [
      [bob, 'bob'],
      [ada, 'ada'],
    ] as const) {
      const heard = gateway.functions.next('MESSAGE');
      client.send('hi');
      expect((await heard).requestContext.authorizer).toEqual({ principalId: who });
    }
  });

  it.each<[string, Handler]>([
    ['the method', allow],
    ['everything', () => policy('Allow', '*', '*')],
    ['the stage by a wildcard', () => policy('Allow', 'arn:aws:execute-api:*:*:abcde12345/chat/*')],
    [
      'the method among others, in a list',
      () => policy('Allow', ['x', METHOD_ARN], ['a:b', 'execute-api:*']),
    ],
  ])('accepts a client that is allowed by %s', async (_, run) => {
    expect((await statusOf(run)).status).toBe(101);
  });

  it.each<[string, Handler]>([
    ['a Deny', () => policy('Deny')],
    [
      'no statement that matches the method',
      () => policy('Allow', 'arn:aws:execute-api:us-east-1:0:other/chat/*'),
    ],
    [
      'a pattern of three parts, which REST APIs have',
      () => policy('Allow', METHOD_ARN.replace('$connect', '*/*')),
    ],
    ['another action', () => policy('Allow', METHOD_ARN, 'execute-api:ManageConnections')],
    [
      'a Deny beside an Allow',
      () => ({
        principalId: 'ada',
        policyDocument: {
          Statement: [
            ...policy('Allow').policyDocument.Statement,
            ...policy('Deny', '*').policyDocument.Statement,
          ],
        },
      }),
    ],
    [
      'an Allow under a condition',
      () => ({
        principalId: 'ada',
        policyDocument: {
          Statement: [
            {
              ...policy('Allow').policyDocument.Statement[0],
              Condition: { IpAddress: { 'aws:SourceIp': '1.2.3.4' } },
            },
          ],
        },
      }),
    ],
  ])('refuses with 403 for %s', async (_, run) => {
    const { status, events } = await statusOf(run);
    expect([status, events.length]).toEqual([403, 1]);
  });

  it('refuses with 401 if it throws Unauthorized', async () => {
    const run = () => {
      throw new Error('Unauthorized');
    };
    expect((await statusOf(run)).status).toBe(401);
  });

  it.each<[string, Handler, RegExp | undefined]>([
    ['another error', () => Promise.reject(new Error('Token expired')), undefined],
    ['a status in place of a policy', () => ({ statusCode: 401 }), /no policy document/],
    ['the simple form of HTTP APIs', () => ({ isAuthorized: true }), /no policy document/],
    ['nothing', () => undefined, /other than an object/],
    ['no principal', () => ({ policyDocument: policy('Allow').policyDocument }), /no principalId/],
    [
      'an object in its context',
      () => ({ ...allow(), context: { user: {} } }),
      /an object for user of its context/,
    ],
    ['an array in its context', () => ({ ...allow(), context: { user: ['s3cret'] } }), /an array for user/],
    ['more than 8 KB', () => ({ ...allow(), context: { long: 'x'.repeat(8_192) } }), /above 8192 bytes/],
    ['a statement without a resource', () => policy('Allow', null), /no policy document/],
  ])('refuses with 500 for %s', async (_, run, why) => {
    const { status, logged } = await statusOf(run);
    expect(status).toBe(500);
    expect(logged).toEqual(why ? [expect.stringMatching(why)] : []);
  });

  it('refuses with 500 if it times out', async () => {
    const gateway = await start({
      routes: { $connect: OK },
      authorizer: { run: () => new Promise(() => {}) },
    });
    const asked = gateway.functions.next('CONNECT');
    const raw = await gateway.raw();
    raw.handshake();
    await asked;
    gateway.clock.advance(29_000);
    expect(await raw.head()).toContain('HTTP/1.1 500 ');
  });

  describe('with identity sources', () => {
    it.each([
      ['route.request.header.Authorization', '/chat', { authorization: 'abc' }],
      ['route.request.querystring.token', '/chat?token=abc', {}],
      ['context.identity.sourceIp', '/chat', {}],
    ])('is called with %s', async (source, path, headers) => {
      const identitySources = [source];
      expect(
        (await statusOf(allow, { identitySources, path, headers: headers as Record<string, string> })).status,
      ).toBe(101);
    });

    it.each([
      ['route.request.header.Authorization', '/chat', {}],
      ['route.request.querystring.token', '/chat', {}],
      ['route.request.querystring.token', '/chat?token=', {}],
      ['route.request.querystring.toString', '/chat', {}],
      ['stageVariables.who', '/chat', {}],
      ['context.nothing.here', '/chat', {}],
    ])('refuses with 401 without %s at %s, and is not called', async (source, path, headers) => {
      const { status, events } = await statusOf(allow, { identitySources: [source], path, headers });
      expect([status, events]).toEqual([401, []]);
    });

    it('requires all of them', async () => {
      const identitySources = ['route.request.querystring.a', 'route.request.querystring.b'];
      expect((await statusOf(allow, { identitySources, path: '/chat?a=1' })).status).toBe(401);
      expect((await statusOf(allow, { identitySources, path: '/chat?a=1&b=2' })).status).toBe(101);
    });
  });
});
