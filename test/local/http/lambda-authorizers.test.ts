import type { ApiKey, HttpApi, HttpLambdaAuthorizer } from '../../../local/assembly/model';
import type { JsonObject } from '../../../local/assembly/values/json';
import { readStatements } from '../../../local/iam/policy-statement';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const ARN = 'arn:aws:execute-api:us-east-1:000000000000';
const HTTP_ARN = `${ARN}:httpapi123/$default`;
const REST_ARN = `${ARN}:restapi123/prod`;

type GuardEvent = Record<string, never>;

const http: HttpLambdaAuthorizer = {
  ...{ type: 'REQUEST', path: 'Main/Guard', functionName: 'guard', payloadFormat: '2.0', cacheSeconds: 0 },
  identitySources: ['$request.header.Authorization'],
};
const token: HttpLambdaAuthorizer = {
  ...{ type: 'TOKEN', path: 'Main/Guard', functionName: 'guard', cacheSeconds: 0 },
  identitySources: ['method.request.header.Authorization'],
};
const request: HttpLambdaAuthorizer = {
  ...token,
  type: 'REQUEST',
  identitySources: ['method.request.header.Authorization', 'method.request.querystring.room'],
};

function httpApi(changes: Partial<HttpLambdaAuthorizer> = {}): HttpApi {
  const authorizer = { ...http, ...changes };
  const old = { ...LAMBDA, payloadFormat: '1.0' as const };
  return {
    ...{ kind: 'HTTP', path: 'Main/Http', apiId: 'httpapi123', name: 'Http', binaryMediaTypes: [] },
    stages: [{ stageName: '$default', variables: { level: 'high' } }],
    routes: [
      { path: 'r1', method: 'ANY', resource: '/rooms/{id}', integration: LAMBDA, authorizer },
      { path: 'r2', method: 'GET', resource: '/old', integration: old, authorizer },
    ],
  };
}

function restApi(authorizer: HttpLambdaAuthorizer, keys?: ApiKey[]): HttpApi {
  const integration = { ...LAMBDA, payloadFormat: '1.0' as const };
  const more = { integration, authorizer, ...(keys && { apiKeyRequired: true }) };
  return {
    ...{ kind: 'REST', path: 'Main/Rest', apiId: 'restapi123', name: 'Rest', binaryMediaTypes: [] },
    stages: [{ stageName: 'prod', variables: {} }],
    routes: [
      { path: 'm1', method: 'ANY', resource: '/rooms/{id}', ...more },
      { path: 'm2', method: 'GET', resource: '/other', ...more },
    ],
    ...(keys && { apiKeys: { source: 'authorizer', keys } }),
  };
}

const policy = (Effect: string, Resource: unknown, more: object = {}) => ({
  principalId: 'ada',
  policyDocument: { Version: '2012-10-17', Statement: [{ Effect, Action: 'execute-api:Invoke', Resource }] },
  ...more,
});
const context = { text: 'a', number: 1, flag: true, list: ['a'], map: { a: 1 } };
const as = (value: string): RequestInit => ({ headers: { Authorization: value } });

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const HTTP_PATH = '/httpapi123/rooms/7';
const REST_PATH = '/restapi123/prod/rooms/7';

describe('A Lambda authorizer of an HTTP API', () => {
  it('gets the event of format 2.0', async () => {
    const events: GuardEvent[] = [];
    const guard = (event: GuardEvent) => void events.push(event);
    const apis = await start(
      [httpApi({ identitySources: ['$request.header.authorization', '$context.routeKey'] })],
      {
        guard,
      },
    );
    await apis.call(`${HTTP_PATH}?x=1&x=2`, { headers: { Authorization: 'secret', cookie: 'a=1; b=2' } });
    expect(Object.keys(events[0] ?? {})).toEqual([
      ...[
        'version',
        'type',
        'routeArn',
        'identitySource',
        'routeKey',
        'rawPath',
        'rawQueryString',
        'cookies',
      ],
      ...['headers', 'queryStringParameters', 'requestContext', 'pathParameters', 'stageVariables'],
    ]);
    expect(events[0]).toMatchObject({
      ...{ version: '2.0', type: 'REQUEST', routeArn: `${HTTP_ARN}/GET/rooms/7` },
      ...{ identitySource: ['secret', 'ANY /rooms/{id}'], routeKey: 'ANY /rooms/{id}', rawPath: '/rooms/7' },
      ...{ cookies: ['a=1', 'b=2'], queryStringParameters: { x: '1,2' }, pathParameters: { id: '7' } },
      ...{ headers: { authorization: 'secret' }, stageVariables: { level: 'high' } },
      requestContext: { http: { method: 'GET', path: '/rooms/7' }, stage: '$default' },
    });
    expect(events[0]?.requestContext).not.toHaveProperty('authorizer');
  });

  it('gets the event of format 1.0', async () => {
    const events: GuardEvent[] = [];
    const identitySources = [
      '$request.header.authorization',
      '$request.querystring.x',
      '$stageVariables.level',
    ];
    const apis = await start([httpApi({ payloadFormat: '1.0', identitySources })], {
      guard: (event) => void events.push(event),
    });
    await apis.call(`${HTTP_PATH}?x=1`, as('secret'));
    expect(Object.keys(events[0] ?? {})).toEqual([
      ...['version', 'type', 'methodArn', 'identitySource', 'authorizationToken', 'resource', 'path'],
      ...[
        'httpMethod',
        'headers',
        'queryStringParameters',
        'pathParameters',
        'stageVariables',
        'requestContext',
      ],
    ]);
    expect(events[0]).toMatchObject({
      ...{ version: '1.0', type: 'REQUEST', methodArn: `${HTTP_ARN}/GET/rooms/7` },
      ...{ identitySource: 'secret,1,high', authorizationToken: 'secret,1,high', resource: '/rooms/{id}' },
      ...{
        path: '/rooms/7',
        httpMethod: 'GET',
        queryStringParameters: { x: '1' },
        pathParameters: { id: '7' },
      },
    });
  });

  it.each<[string, Partial<HttpLambdaAuthorizer>, () => unknown]>([
    ['a simple response', { isSimple: true }, () => ({ isAuthorized: true, context })],
    ['a policy', {}, () => policy('Allow', `${HTTP_ARN}/GET/*`, { context })],
    ['a policy in format 1.0', { payloadFormat: '1.0' }, () => policy('Allow', '*', { context })],
  ])('allows the request after %s, and passes on its context', async (_, changes, guard) => {
    const apis = await start([httpApi(changes)], { guard });
    expect(await apis.call(HTTP_PATH, as('secret'))).toMatchObject({ status: 200 });
    expect(apis.events[0]?.requestContext).toMatchObject({ authorizer: { lambda: context } });
  });

  it('passes on its context in format 1.0, with the principal', async () => {
    const apis = await start([httpApi()], { guard: () => policy('Allow', '*', { context }) });
    await apis.call('/httpapi123/old', as('secret'));
    expect(apis.events[0]?.requestContext).toMatchObject({ authorizer: { ...context, principalId: 'ada' } });
  });

  it.each<[string, Partial<HttpLambdaAuthorizer>, () => unknown, number, string]>([
    ['says no', { isSimple: true }, () => ({ isAuthorized: false }), 403, 'Forbidden'],
    ['denies', {}, () => policy('Deny', '*'), 403, 'Forbidden'],
    ['allows another method', {}, () => policy('Allow', `${HTTP_ARN}/POST/*`), 403, 'Forbidden'],
    ['allows another stage', {}, () => policy('Allow', `${ARN}:httpapi123/dev/*`), 403, 'Forbidden'],
    ['says a text', { isSimple: true }, () => ({ isAuthorized: 'true' }), 500, 'Internal Server Error'],
    [
      'returns a policy, not a simple response',
      { isSimple: true },
      () => policy('Allow', '*'),
      500,
      'Internal Server Error',
    ],
    [
      'returns a simple response, not a policy',
      {},
      () => ({ isAuthorized: true }),
      500,
      'Internal Server Error',
    ],
    ['returns nothing', {}, () => undefined, 500, 'Internal Server Error'],
    [
      'returns too much',
      {},
      () => policy('Allow', '*', { context: { a: 'x'.repeat(8_192) } }),
      500,
      'Internal Server Error',
    ],
    [
      'returns a list as context',
      {},
      () => policy('Allow', '*', { context: [1] }),
      500,
      'Internal Server Error',
    ],
  ])('that %s refuses the request', async (_, changes, guard, status, text) => {
    const apis = await start([httpApi(changes)], { guard });
    expect(await apis.call(HTTP_PATH, as('secret'))).toEqual({
      ...{ status, errorType: null, body: JSON.stringify({ message: text }) },
    });
    expect(apis.events).toEqual([]);
    expect(apis.lines.join()).not.toContain('secret');
  });

  it.each([
    ['crash', 500, 'Internal Server Error'],
    ['Unauthorized', 401, 'Unauthorized'],
  ])('that fails with %s results in %i', async (text, status, body) => {
    const guard = () => {
      throw new Error(text);
    };
    const apis = await start([httpApi()], { guard });
    expect(await apis.call(HTTP_PATH, as('secret'))).toMatchObject({
      status,
      body: JSON.stringify({ message: body }),
    });
  });

  it('times out after ten seconds', async () => {
    const { promise: isAsked, resolve: ask } = deferred<void>();
    const apis = await start([httpApi()], {
      guard: () => {
        ask();
        return new Promise(() => {});
      },
    });
    const reply = apis.call(HTTP_PATH, as('secret'));
    await isAsked;
    apis.clock.advance(10_000);
    expect(await reply).toMatchObject({ status: 500 });
    expect(apis.lines).toEqual([
      'guard did not authorize GET /rooms/7 of $default within 10000 ms. It keeps running.',
    ]);
  });

  it.each<[string, RequestInit, string]>([
    ['missing', {}, ''],
    ['empty', { headers: { Authorization: '' } }, ''],
  ])('is not called if an identity source is %s', async (_, init) => {
    const guard = jest.fn();
    const apis = await start([httpApi()], { guard });
    expect(await apis.call(HTTP_PATH, init)).toEqual({
      ...{ status: 401, errorType: null, body: '{"message":"Unauthorized"}' },
    });
    expect(guard).not.toHaveBeenCalled();
  });

  it('is called for every request without identity sources, which may have no context', async () => {
    const guard = jest.fn(() => ({ isAuthorized: true }));
    const apis = await start([httpApi({ identitySources: [], isSimple: true })], { guard });
    expect(await apis.call(HTTP_PATH)).toMatchObject({ status: 200 });
    expect(guard).toHaveBeenCalledWith(expect.objectContaining({ identitySource: null }));
    expect(apis.events[0]?.requestContext).toMatchObject({ authorizer: { lambda: null } });
  });
});

describe('A Lambda authorizer of a REST API', () => {
  it('of type TOKEN gets the token and the ARN of the method', async () => {
    const events: GuardEvent[] = [];
    const apis = await start([restApi(token)], { guard: (event) => void events.push(event) });
    await apis.call(REST_PATH, as('Bearer secret'));
    expect(events).toEqual([
      { type: 'TOKEN', methodArn: `${REST_ARN}/GET/rooms/7`, authorizationToken: 'Bearer secret' },
    ]);
  });

  it('of type REQUEST gets the request', async () => {
    const events: GuardEvent[] = [];
    const apis = await start([restApi(request)], { guard: (event) => void events.push(event) });
    await apis.call(`${REST_PATH}?room=1&room=2`, as('secret'));
    expect(Object.keys(events[0] ?? {})).toEqual([
      ...['type', 'methodArn', 'resource', 'path', 'httpMethod', 'headers', 'multiValueHeaders'],
      ...['queryStringParameters', 'multiValueQueryStringParameters', 'pathParameters', 'stageVariables'],
      'requestContext',
    ]);
    expect(events[0]).toMatchObject({
      ...{ type: 'REQUEST', methodArn: `${REST_ARN}/GET/rooms/7`, resource: '/rooms/{id}', path: '/rooms/7' },
      ...{ queryStringParameters: { room: '2' }, multiValueQueryStringParameters: { room: ['1', '2'] } },
      ...{ pathParameters: { id: '7' }, stageVariables: {} },
      requestContext: { stage: 'prod', httpMethod: 'GET', identity: { sourceIp: '127.0.0.1' } },
    });
  });

  it('passes on its context as text, with the principal and the latency', async () => {
    const given = { text: 'a', number: 1, flag: true };
    const apis = await start([restApi(token)], { guard: () => policy('Allow', '*', { context: given }) });
    expect(await apis.call(REST_PATH, as('secret'))).toMatchObject({ status: 200 });
    expect(apis.events[0]?.requestContext).toMatchObject({
      authorizer: { text: 'a', number: '1', flag: 'true', principalId: 'ada', integrationLatency: 0 },
    });
  });

  const denied = 'User is not authorized to access this resource';
  const UNAUTHORIZED = {
    status: 401,
    errorType: 'UnauthorizedException',
    body: '{"message":"Unauthorized"}',
  };
  const FAILED = { status: 500, errorType: 'AuthorizerConfigurationException', body: '{"message":null}' };
  const DENIED = { status: 403, errorType: 'AccessDeniedException' };
  const thrown = (text: string) => () => {
    throw new Error(text);
  };

  it.each<[string, () => unknown, object]>([
    [
      'denies',
      () => policy('Deny', '*'),
      { ...DENIED, body: `{"Message":"${denied} with an explicit deny in an identity-based policy"}` },
    ],
    [
      'allows another path',
      () => policy('Allow', `${REST_ARN}/GET/other`),
      { ...DENIED, body: `{"Message":"${denied}"}` },
    ],
    ['throws Unauthorized', thrown('Unauthorized'), UNAUTHORIZED],
    ['crashes', thrown('crash'), FAILED],
    ['returns a simple response', () => ({ isAuthorized: true }), FAILED],
    ['returns no principal', () => ({ ...policy('Allow', '*'), principalId: undefined }), FAILED],
    ['returns a long Resource', () => policy('Allow', ['*', `${REST_ARN}/${'x'.repeat(512)}`]), FAILED],
    ['returns a context that is not flat', () => policy('Allow', '*', { context }), FAILED],
  ])("that %s refuses the request with AWS's message", async (_, guard, reply) => {
    const apis = await start([restApi(token)], { guard });
    expect(await apis.call(REST_PATH, as('secret'))).toEqual(reply);
    expect(apis.events).toEqual([]);
    expect(apis.lines.join()).not.toContain('secret');
  });

  it.each<[string, HttpLambdaAuthorizer, string, RequestInit]>([
    ['the token', token, REST_PATH, {}],
    [
      'a token that matches its validation expression',
      { ...token, validation: 'Bearer [a-z]+' },
      REST_PATH,
      as('Bearer secret2'),
    ],
    ['an identity source', { ...request, cacheSeconds: 60 }, REST_PATH, as('secret')],
  ])('is not called without %s', async (_, authorizer, path, init) => {
    const guard = jest.fn();
    const apis = await start([restApi(authorizer)], { guard });
    expect(await apis.call(path, init)).toEqual(UNAUTHORIZED);
    expect(guard).not.toHaveBeenCalled();
  });

  it('of type REQUEST is called without its identity sources if its results are not cached', async () => {
    const guard = jest.fn(() => policy('Allow', '*'));
    const apis = await start([restApi(request)], { guard });
    expect(await apis.call(REST_PATH, as('secret'))).toMatchObject({ status: 200 });
    expect(guard).toHaveBeenCalledTimes(1);
  });

  const INVOKE = { Action: 'execute-api:Invoke', Resource: '*', Principal: '*' };
  const elsewhere = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
  const open = { ...INVOKE, Effect: 'Allow' };
  const silent = { ...open, Condition: elsewhere };
  it.each<[string, JsonObject, unknown, number, number]>([
    ['allows, as the result does', open, policy('Allow', '*'), 200, 1],
    ['says nothing, if the result allows', silent, policy('Allow', '*'), 200, 1],
    ['denies, before the function is called', { ...INVOKE, Effect: 'Deny' }, policy('Allow', '*'), 403, 0],
    ['allows, if the result says nothing', open, policy('Allow', 'arn:other'), 200, 1],
    ['says nothing, like the result', silent, policy('Allow', 'arn:other'), 403, 1],
    ['allows, if the result denies', open, policy('Deny', '*'), 403, 1],
  ])('is combined with the policy of the API, which %s', async (_, statement, result, status, calls) => {
    const guard = jest.fn(() => result);
    const apis = await start([restApi(token)], { guard });
    const statements = readStatements({ Statement: [statement] });
    apis.allow([], [{ resourceArn: `${ARN}:restapi123`, statements }]);
    expect(await apis.call(REST_PATH, as('secret'))).toMatchObject({ status });
    expect(guard).toHaveBeenCalledTimes(calls);
  });

  it('is called with a token that matches its validation expression', async () => {
    const apis = await start([restApi({ ...token, validation: 'Bearer [a-z]+' })], {
      guard: () => policy('Allow', '*'),
    });
    expect(await apis.call(REST_PATH, as('Bearer secret'))).toMatchObject({ status: 200 });
  });

  it('is not called for a method whose ARN is too long', async () => {
    const guard = jest.fn(() => policy('Allow', '*'));
    const apis = await start([restApi(token)], { guard });
    const path = (length: number) => `/restapi123/prod/rooms/${'x'.repeat(length)}`;
    const prefix = `${REST_ARN}/GET/rooms/`.length;
    expect(await apis.call(path(1_600 - prefix), as('secret'))).toMatchObject({ status: 200 });
    expect(await apis.call(path(1_601 - prefix), as('secret'))).toMatchObject({
      ...{ status: 414, body: '{"message":"Request URI too long"}' },
    });
    expect(guard).toHaveBeenCalledTimes(1);
  });

  it('that may not be invoked or is not run results in 500', async () => {
    const api = restApi(token);
    for (const route of api.routes)
      route.authorizer = { type: 'NOT_RUN', path: 'Main/Guard', reason: 'is not run' };
    const apis = await start([api]);
    expect(await apis.call(REST_PATH, as('secret'))).toEqual(FAILED);
    expect(apis.lines).toEqual([
      'GET /rooms/7 of prod fails, because the runtime does not run Main/Guard. The list at the start says why.',
    ]);
  });

  it('provides the API key if the API takes its keys from the authorizer', async () => {
    const plan = { path: 'Main/Plan', id: 'p1', stageNames: ['prod'] };
    const key: ApiKey = { path: 'Main/Key', id: 'k1', value: 'key-of-ada', isEnabled: true, plans: [plan] };
    const guard = ({ authorizationToken }: GuardEvent) =>
      policy('Allow', '*', { usageIdentifierKey: `key-of-${authorizationToken}` });
    const apis = await start([restApi(token, [key])], { guard });
    expect(await apis.call(REST_PATH, as('ada'))).toMatchObject({ status: 200 });
    expect(apis.events[0]?.requestContext).toMatchObject({ identity: { apiKeyId: 'k1' } });
    expect(
      await apis.call(REST_PATH, { headers: { Authorization: 'bob', 'x-api-key': 'key-of-ada' } }),
    ).toMatchObject({
      ...{ status: 403, errorType: 'ForbiddenException' },
    });
  });
});

describe('A result of a Lambda authorizer', () => {
  const counting = (effect = () => 'Allow', resource = '*') =>
    jest.fn(({ authorizationToken }: GuardEvent) => ({
      ...policy(effect(), resource),
      principalId: authorizationToken ?? 'ada',
    }));

  it('is reused for the same token until it expires', async () => {
    const guard = counting();
    const apis = await start([restApi({ ...token, cacheSeconds: 300 })], { guard });
    await apis.call(REST_PATH, as('ada'));
    await apis.call('/restapi123/prod/rooms/8', as('ada'));
    await apis.call(REST_PATH, as('bob'));
    expect(guard).toHaveBeenCalledTimes(2);
    expect(apis.events.map(({ requestContext }) => requestContext)).toMatchObject([
      { authorizer: { principalId: 'ada' } },
      { authorizer: { principalId: 'ada', integrationLatency: 0 } },
      { authorizer: { principalId: 'bob' } },
    ]);
    apis.clock.advance(299_999);
    await apis.call(REST_PATH, as('ada'));
    expect(guard).toHaveBeenCalledTimes(2);
    apis.clock.advance(1);
    await apis.call(REST_PATH, as('ada'));
    expect(guard).toHaveBeenCalledTimes(3);
  });

  it('is evaluated for each method', async () => {
    const guard = counting(undefined, `${REST_ARN}/GET/rooms/*`);
    const apis = await start([restApi({ ...token, cacheSeconds: 300 })], { guard });
    expect(await apis.call(REST_PATH, as('ada'))).toMatchObject({ status: 200 });
    expect(await apis.call(REST_PATH, { ...as('ada'), method: 'POST' })).toMatchObject({ status: 403 });
    expect(await apis.call('/restapi123/prod/other', as('ada'))).toMatchObject({ status: 403 });
    expect(guard).toHaveBeenCalledTimes(1);
  });

  it('is cached if it denies, but not if the function failed', async () => {
    let effect = () => 'Deny';
    const guard = counting(() => effect());
    const apis = await start([restApi({ ...token, cacheSeconds: 300 })], { guard });
    const status = async (value: string) => (await apis.call(REST_PATH, as(value))).status;
    expect(await status('ada')).toBe(403);
    effect = () => {
      throw new Error('Unauthorized');
    };
    expect([await status('ada'), await status('bob')]).toEqual([403, 401]);
    effect = () => 'Allow';
    expect([await status('ada'), await status('bob')]).toEqual([403, 200]);
  });

  it('is cached by all identity sources, for one stage', async () => {
    const guard = counting();
    const api = restApi({ ...request, cacheSeconds: 300 });
    api.stages.push({ stageName: 'dev', variables: {} });
    const apis = await start([api], { guard });
    await apis.call(`${REST_PATH}?room=1`, as('ada'));
    await apis.call(`${REST_PATH}?room=2`, as('ada'));
    await apis.call('/restapi123/dev/rooms/7?room=1', as('ada'));
    expect(guard).toHaveBeenCalledTimes(3);
    await apis.call(`${REST_PATH}?room=1&other=2`, as('ada'));
    expect(guard).toHaveBeenCalledTimes(3);
  });

  it('is discarded by a deployment', async () => {
    const guard = counting();
    const apis = await start([restApi({ ...token, cacheSeconds: 300 })], { guard });
    await apis.call(REST_PATH, as('ada'));
    apis.redeploy();
    await apis.call(REST_PATH, as('ada'));
    expect(guard).toHaveBeenCalledTimes(2);
  });

  it('is not cached if a deployment happened before it arrived', async () => {
    const { promise: isAsked, resolve: ask } = deferred<void>();
    const { promise: answer, resolve: reply } = deferred<object>();
    const guard = jest.fn(() => {
      ask();
      return answer;
    });
    const apis = await start([restApi({ ...token, cacheSeconds: 300 })], { guard });
    const first = apis.call(REST_PATH, as('ada'));
    await isAsked;
    apis.redeploy();
    reply(policy('Allow', '*'));
    expect(await first).toMatchObject({ status: 200 });
    await apis.call(REST_PATH, as('ada'));
    expect(guard).toHaveBeenCalledTimes(2);
  });

  it('of an HTTP API is cached for each route if $context.routeKey is an identity source', async () => {
    const guard = jest.fn(() => ({ isAuthorized: true }));
    const identitySources = ['$request.header.Authorization', '$context.routeKey'];
    const apis = await start([httpApi({ isSimple: true, cacheSeconds: 60, identitySources })], { guard });
    await apis.call(HTTP_PATH, as('ada'));
    await apis.call('/httpapi123/rooms/8', as('ada'));
    expect(guard).toHaveBeenCalledTimes(1);
    await apis.call('/httpapi123/old', as('ada'));
    expect(guard).toHaveBeenCalledTimes(2);
  });
});
