import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpApi, HttpLambdaIntegration } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { AWS_ACCOUNT_QUOTAS } from '../../../local/gateway/quotas';
import { Throttles } from '../../../local/gateway/throttles';
import { HttpApis } from '../../../local/http/http-apis';
import type { FunctionInvoker, InvocationOutcome } from '../../../local/lambda/invocation';
import { silentLog } from '../../../local/log';
import { NO_KEY_SETS } from './running-http';

const clock = new ManualClock(Date.UTC(2026, 0, 31, 12));
const lambda: HttpLambdaIntegration = {
  type: 'AWS_PROXY',
  functionName: 'Rooms',
  timeoutMillis: 29_000,
  payloadFormat: '2.0',
};
const httpApi: HttpApi = {
  kind: 'HTTP',
  path: 'Main/Http',
  apiId: 'httpapi123',
  name: 'Http',
  stages: [
    { stageName: '$default', variables: {} },
    { stageName: 'dev', variables: { level: 'low' } },
  ],
  routes: [
    { path: 'r1', method: 'POST', resource: '/rooms/{id}', integration: lambda },
    { path: 'r2', method: 'GET', resource: '/old/{id}', integration: { ...lambda, payloadFormat: '1.0' } },
    {
      path: 'r3',
      method: 'GET',
      resource: '/guarded',
      integration: { type: 'NOT_RUN', path: 'Main/Authorizer', reason: 'is not run' },
    },
  ],
  cors: {
    allowOrigins: ['https://page.example'],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['x-room'],
    exposeHeaders: ['x-count'],
    allowCredentials: true,
    maxAgeSeconds: 60,
  },
  binaryMediaTypes: [],
};
const restApi: HttpApi = {
  kind: 'REST',
  path: 'Main/Rest',
  apiId: 'restapi123',
  name: 'Rest',
  stages: [{ stageName: 'prod', variables: {} }],
  routes: [
    {
      path: 'm1',
      method: 'ANY',
      resource: '/{proxy+}',
      integration: { ...lambda, payloadFormat: '1.0' },
    },
    {
      path: 'm2',
      method: 'OPTIONS',
      resource: '/{proxy+}',
      integration: { type: 'MOCK', statusCode: 204, headers: { 'Access-Control-Allow-Origin': '*' } },
    },
  ],
  binaryMediaTypes: ['image/png'],
};
const functionUrl: HttpApi = {
  kind: 'FUNCTION_URL',
  path: 'Main/Url',
  apiId: 'a'.repeat(32),
  name: 'Rooms',
  stages: [{ stageName: '$default', variables: {} }],
  routes: [
    { path: 'u', method: 'ANY', resource: '$default', integration: { ...lambda, timeoutMillis: 900_000 } },
  ],
  binaryMediaTypes: [],
};

describe('HttpApis', () => {
  let server: Server;
  let base: string;
  let events: { functionName: string; event: Record<string, unknown>; subject: string | undefined }[];
  let answer: () => Promise<InvocationOutcome>;

  const invoker: FunctionInvoker = {
    invoke(functionName, payload, subject) {
      events.push({ functionName, event: JSON.parse(payload), subject });
      return answer();
    },
    invokeAsync() {
      throw new Error('API Gateway waits for its functions.');
    },
  };
  const returns = (value: unknown) => {
    answer = async () => ({ kind: 'success', requestId: 'r', payload: JSON.stringify(value) ?? 'null' });
  };
  const call = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(`${base}${path}`, init);
  const event = () => events[0]?.event as Record<string, never>;

  beforeAll(async () => {
    const apis = new HttpApis({
      ...{ apis: [httpApi, restApi, functionUrl], region: 'eu-central-1', accountId: '123456789012' },
      ...{ invoker, clock, log: silentLog, nameOf: (name) => name },
      keySets: NO_KEY_SETS,
      throttles: new Throttles(AWS_ACCOUNT_QUOTAS, clock, silentLog),
    });
    server = createServer((request, response) => {
      if (apis.handle(request, response) === undefined) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    events = [];
    returns({ statusCode: 200 });
  });

  describe('the event of format 2.0', () => {
    it('describes the request as HTTP APIs do', async () => {
      await call('/httpapi123/dev/rooms/a%20b?x=1&x=2&y=', {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'test',
          Cookie: 'a=1; b=2',
          'X-Room': 'r',
        },
        body: '{"a":1}',
      });
      expect(events[0]).toMatchObject({ functionName: 'Rooms', subject: 'POST /rooms/a%20b' });
      expect(event()).toEqual({
        version: '2.0',
        routeKey: 'POST /rooms/{id}',
        rawPath: '/dev/rooms/a b',
        rawQueryString: 'x=1&x=2&y=',
        cookies: ['a=1', 'b=2'],
        headers: expect.objectContaining({
          'content-type': 'application/json',
          host: 'httpapi123.execute-api.eu-central-1.amazonaws.com',
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-port': '443',
          'x-forwarded-proto': 'https',
          'x-room': 'r',
        }),
        queryStringParameters: { x: '1,2', y: '' },
        requestContext: {
          accountId: '123456789012',
          apiId: 'httpapi123',
          domainName: 'httpapi123.execute-api.eu-central-1.amazonaws.com',
          domainPrefix: 'httpapi123',
          http: {
            method: 'POST',
            path: '/dev/rooms/a b',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'test',
          },
          requestId: expect.any(String),
          routeKey: 'POST /rooms/{id}',
          stage: 'dev',
          time: '31/Jan/2026:12:00:00 +0000',
          timeEpoch: clock.now(),
        },
        body: '{"a":1}',
        pathParameters: { id: 'a b' },
        isBase64Encoded: false,
        stageVariables: { level: 'low' },
      });
      expect(event().headers).not.toHaveProperty('cookie');
    });

    it('has no stage in its path if the stage is $default, and omits missing parts', async () => {
      await call('/httpapi123/rooms/7', { method: 'POST' });
      expect(event()).toMatchObject({ rawPath: '/rooms/7', rawQueryString: '' });
      for (const name of ['queryStringParameters', 'cookies', 'body', 'stageVariables']) {
        expect(event()).not.toHaveProperty(name);
      }
    });

    it('has anything that is not text as base64, including forms', async () => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      await call('/httpapi123/rooms/7', { method: 'POST', headers, body: 'a=1' });
      expect(event()).toMatchObject({ body: Buffer.from('a=1').toString('base64'), isBase64Encoded: true });
    });

    it('distinguishes a function URL from an API', async () => {
      await call(`/${functionUrl.apiId}/any/where`);
      expect(event()).toMatchObject({
        routeKey: '$default',
        rawPath: '/any/where',
        requestContext: {
          accountId: 'anonymous',
          domainName: `${functionUrl.apiId}.lambda-url.eu-central-1.on.aws`,
          stage: '$default',
        },
      });
    });
  });

  describe('the event of format 1.0', () => {
    it('describes the request as REST APIs do', async () => {
      await call('/restapi123/prod/a%20b/c?x=1&x=2', { headers: { 'X-Two': 'words', 'User-Agent': 'test' } });
      const headers = event().headers as unknown as Record<string, string>;
      expect(Object.keys(event())).toEqual([
        ...['resource', 'path', 'httpMethod', 'headers', 'multiValueHeaders', 'queryStringParameters'],
        ...['multiValueQueryStringParameters', 'pathParameters', 'stageVariables', 'requestContext', 'body'],
        'isBase64Encoded',
      ]);
      expect(headers.Host ?? headers.host).toBe('restapi123.execute-api.eu-central-1.amazonaws.com');
      expect(event()).toMatchObject({
        resource: '/{proxy+}',
        path: '/a%20b/c',
        httpMethod: 'GET',
        queryStringParameters: { x: '2' },
        multiValueQueryStringParameters: { x: ['1', '2'] },
        pathParameters: { proxy: 'a b/c' },
        stageVariables: null,
        requestContext: { path: '/prod/a%20b/c', stage: 'prod', resourcePath: '/{proxy+}' },
        body: null,
      });
    });

    it('has a version for HTTP APIs, and null for missing parts', async () => {
      await call('/httpapi123/old/7');
      expect(event()).toMatchObject({ version: '1.0', path: '/old/7', queryStringParameters: null });
    });

    it('has the REST API’s binary types as base64', async () => {
      await call('/restapi123/prod/x', {
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body: 'png',
      });
      expect(event()).toMatchObject({ body: Buffer.from('png').toString('base64'), isBase64Encoded: true });
    });
  });

  describe('the response', () => {
    it('has the status, headers, cookies and decoded body of the result', async () => {
      returns({
        statusCode: 201,
        headers: { 'X-Room': 7, 'Content-Type': 'image/png', Connection: 'close' },
        cookies: ['a=1', 'b=2'],
        body: Buffer.from('bytes').toString('base64'),
        isBase64Encoded: true,
      });
      const response = await call('/httpapi123/rooms/7', { method: 'POST' });
      expect([response.status, await response.text()]).toEqual([201, 'bytes']);
      expect(response.headers.get('x-room')).toBe('7');
      expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(response.headers.get('content-type')).toBe('image/png');
    });

    it.each([
      [{ a: 1 }, '{"a":1}'],
      ['hello', 'hello'],
      [null, 'null'],
    ])('is inferred in format 2.0 of %j', async (value, body) => {
      returns(value);
      const response = await call('/httpapi123/rooms/7', { method: 'POST' });
      expect([response.status, await response.text()]).toEqual([200, body]);
      expect(response.headers.get('content-type')).toBe('application/json');
    });

    it('stays base64 in a REST API for clients that do not accept its binary types', async () => {
      returns({ statusCode: 200, body: 'cG5n', isBase64Encoded: true });
      const accepting = await call('/restapi123/prod/x', { headers: { accept: 'image/png' } });
      const other = await call('/restapi123/prod/x', { headers: { accept: 'text/html' } });
      expect([await accepting.text(), await other.text()]).toEqual(['png', 'cG5n']);
    });

    it.each([
      ['/restapi123/prod/x', 'GET', 502, '{"message": "Internal server error"}'],
      ['/httpapi123/old/7', 'GET', 500, '{"message":"Internal Server Error"}'],
      [`/${functionUrl.apiId}/`, 'GET', 502, 'Internal Server Error'],
    ])('for %s is an error of its kind if the function fails', async (path, method, status, body) => {
      answer = async () => ({
        kind: 'failure',
        requestId: 'r',
        errorType: 'Error',
        errorMessage: '',
        payload: '',
      });
      const response = await call(path, { method });
      expect([response.status, await response.text()]).toEqual([status, body]);
    });

    it.each([null, 'text', { body: 'no status' }, { statusCode: 200, body: {} }, { statusCode: 'x' }])(
      'is 502 of a REST API for the malformed %j',
      async (value) => {
        returns(value);
        expect((await call('/restapi123/prod/x')).status).toBe(502);
      },
    );

    it('is an error if a header of the function is invalid', async () => {
      returns({ statusCode: 200, headers: { 'x-a': 'b\r\nx-c: d' } });
      const response = await call('/restapi123/prod/x');
      expect(response.status).toBe(502);
      expect(response.headers.get('x-c')).toBeNull();
    });

    it('is sent without the function after the integration’s timeout', async () => {
      answer = () => {
        queueMicrotask(() => clock.advance(29_000));
        return new Promise(() => {});
      };
      const response = await call('/restapi123/prod/x');
      expect([response.status, await response.text()]).toEqual([
        504,
        '{"message": "Endpoint request timed out"}',
      ]);
    });

    it.each([
      ['/restapi123/nope/x', 403, '{"message":"Forbidden"}'],
      ['/restapi123/prod', 403, '{"message":"Missing Authentication Token"}'],
      ['/httpapi123/nope', 404, '{"message":"Not Found"}'],
      ['/httpapi123/guarded', 500, '{"message":"Internal Server Error"}'],
    ])('for %s is %i without a function', async (path, status, body) => {
      const response = await call(path);
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(events).toEqual([]);
    });

    it('refuses more than the gateway accepts', async () => {
      const response = await call('/restapi123/prod/x', {
        method: 'POST',
        body: 'x'.repeat(10 * 1024 * 1024 + 1),
      });
      expect([response.status, events]).toEqual([413, []]);
    });
  });

  describe('CORS', () => {
    const preflight = (path: string, origin: string) =>
      call(path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });

    it('responds to a preflight by the rules of an HTTP API', async () => {
      const response = await preflight('/httpapi123/rooms/7', 'https://page.example');
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'access-control-allow-origin': 'https://page.example',
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'x-room',
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '60',
      });
      expect(events).toEqual([]);
    });

    it('allows nothing to a page of another origin', async () => {
      const response = await preflight('/httpapi123/rooms/7', 'https://evil.example');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    });

    it('replaces the function’s own headers', async () => {
      returns({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' } });
      const headers = { origin: 'https://page.example' };
      const response = await call('/httpapi123/rooms/7', { method: 'POST', headers });
      expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
      expect(response.headers.get('access-control-expose-headers')).toBe('x-count');
    });

    it('is a separate route in a REST API', async () => {
      const response = await preflight('/restapi123/prod/x', 'https://page.example');
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    });
  });

  it('is found by the API’s host', async () => {
    const { port } = server.address() as AddressInfo;
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const headers = { host: 'restapi123.execute-api.eu-central-1.amazonaws.com' };
      request({ port, host: '127.0.0.1', path: '/prod/x', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect([status, events.length]).toEqual([200, 1]);
  });

  it('ignores requests for other hosts', async () => {
    expect((await call('/elsewhere')).status).toBe(418);
  });
});
