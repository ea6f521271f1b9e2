import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpIntegration } from '../../../../local/assembly/model/index';
import { gateways, OK } from '../running-gateway';

const start = gateways();

const never = () => {
  throw new Error('No function runs.');
};
const end = { returnsResponse: true, run: () => ({ statusCode: 200, body: 'end' }) };

interface Call {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('An HTTP integration', () => {
  const calls: Call[] = [];
  let answer: (response: ServerResponse) => void;
  const backend = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    calls.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    backend.emit('asked');
    answer(response);
  });
  let origin: string;

  beforeAll(async () => {
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    backend.closeAllConnections();
    backend.close();
  });
  beforeEach(() => {
    calls.length = 0;
    answer = (response) => response.writeHead(200, { 'x-kind': 'a' }).end('{"done":true}');
  });

  const to = (changes: Partial<HttpIntegration> = {}): HttpIntegration => ({
    type: 'HTTP_PROXY',
    path: 'Stack/Http',
    url: `${origin}/jobs`,
    method: 'POST',
    request: { templates: {} },
    passthrough: 'WHEN_NO_MATCH',
    responses: [],
    parameters: {},
    timeoutMillis: 29_000,
    ...changes,
  });

  const gatewayWith = (integration: HttpIntegration, returnsResponse = true) =>
    start({
      routes: { job: { returnsResponse, run: never }, end },
      integrations: { job: integration },
      stageVariables: { tier: 'gold' },
    });

  /** The first frame that the client receives after `message`. */
  async function answerTo(integration: HttpIntegration, message = '{"action":"job","n":1}'): Promise<string> {
    const gateway = await gatewayWith(integration);
    const client = await gateway.connect();
    client.send(message);
    return client.next();
  }

  it('posts the message unchanged, and responds with the whole body (HTTP_PROXY)', async () => {
    expect(await answerTo(to())).toBe('{"done":true}');
    expect(calls).toMatchObject([
      { method: 'POST', url: '/jobs', headers: { host: origin.slice(7) }, body: '{"action":"job","n":1}' },
    ]);
  });

  it('responds with the body of an error, too', async () => {
    answer = (response) => response.writeHead(500).end('broken');
    expect(await answerTo(to())).toBe('broken');
  });

  it('sends the client nothing on a one-way route', async () => {
    const gateway = await gatewayWith(to(), false);
    const client = await gateway.connect();
    const asked = once(backend, 'asked');
    client.send('{"action":"job"}');
    await asked;
    client.send('{"action":"end"}');
    expect(await client.next()).toBe('end');
  });

  it('maps context, stage variables, the message and fixed texts to headers, query and path', async () => {
    await answerTo(
      to({
        url: `${origin}/jobs/{kind}?fixed=1`,
        parameters: {
          'integration.request.header.X-Route': 'context.routeKey',
          'integration.request.header.X-Ip': 'context.identity.sourceIp',
          'integration.request.header.X-Tier': 'stageVariables.tier',
          'integration.request.header.X-Number': 'route.request.body.n',
          'integration.request.header.X-Absent': 'context.nothing',
          'integration.request.querystring.v': "'a b'",
          'integration.request.path.kind': "'x/y'",
        },
      }),
    );
    expect(calls).toMatchObject([
      {
        url: '/jobs/x%2Fy?fixed=1&v=a+b',
        headers: { 'x-route': 'job', 'x-ip': '127.0.0.1', 'x-tier': 'gold', 'x-number': '1' },
      },
    ]);
    expect(calls[0]?.headers).not.toHaveProperty('x-absent');
  });

  it('sends the result of the request template, and responds with that of the response template (HTTP)', async () => {
    const text = await answerTo(
      to({
        type: 'HTTP',
        request: { templates: { $default: '{"id":$input.json("$.n")}' } },
        responses: [
          { key: '/5\\d\\d/', templates: { $default: 'failed' } },
          { key: '$default', templates: { $default: 'done: $input.path("$.done")' } },
        ],
      }),
    );
    expect(text).toBe('done: true');
    expect(calls).toMatchObject([{ body: '{"id":1}' }]);
  });

  it('selects the integration response by the backend’s status', async () => {
    answer = (response) => response.writeHead(503).end('{}');
    const responses = [
      { key: '/5\\d\\d/', templates: { $default: 'failed' } },
      { key: '$default', templates: { $default: 'done' } },
    ];
    expect(await answerTo(to({ type: 'HTTP', responses }))).toBe('failed');
  });

  it.each<[string, string]>([
    [`\${integration.response.statuscode}`, 'by status'],
    [`\${integration.response.header.X-Kind}`, 'by header'],
    [`\${request.body.n}`, 'by message'],
    ['$integration.response.header.x-kind', 'by header'],
    ['\\$default', 'by default'],
  ])('selects the response template by %s', async (selectionExpression, expected) => {
    const templates = { 200: 'by status', a: 'by header', 1: 'by message', $default: 'by default' };
    const responses = [{ key: '$default', selectionExpression, templates }];
    expect(await answerTo(to({ type: 'HTTP', responses }))).toBe(expected);
  });

  it.each<[HttpIntegration['passthrough'], Record<string, string>, boolean]>([
    ['WHEN_NO_MATCH', {}, true],
    ['WHEN_NO_MATCH', { other: 'x' }, true],
    ['WHEN_NO_TEMPLATES', {}, true],
    ['WHEN_NO_TEMPLATES', { other: 'x' }, false],
    ['NEVER', {}, false],
    ['NEVER', { other: 'x' }, false],
  ])('with %s and the templates %j passes a message: %s', async (passthrough, templates, passes) => {
    const responses = [{ key: '$default', templates: {} }];
    const text = await answerTo(to({ type: 'HTTP', passthrough, request: { templates }, responses }));
    expect(text).toMatch(passes ? /^{"done":true}$/ : /^{"message": "Internal server error"/);
  });

  it('decodes base64 for the backend, and encodes its bytes for the client, if configured', async () => {
    answer = (response) => response.end(Buffer.from([0xff, 0x00]));
    const contentHandling = 'CONVERT_TO_BINARY';
    const responses = [{ key: '$default', templates: {}, contentHandling: 'CONVERT_TO_TEXT' as const }];
    const integration = to({ type: 'HTTP', url: `${origin}/bytes`, contentHandling, responses });
    const gateway = await start({
      routes: { $default: { returnsResponse: true, run: never } },
      integrations: { $default: integration },
    });
    const client = await gateway.connect();
    client.send(Buffer.from('héllo').toString('base64'));
    expect(await client.next()).toBe('/wA=');
    expect(calls).toMatchObject([{ body: 'héllo', headers: { 'content-length': '6' } }]);
  });

  it('reports a timeout to the client', async () => {
    answer = () => {};
    const gateway = await gatewayWith(to({ timeoutMillis: 1_000 }));
    const client = await gateway.connect();
    const asked = once(backend, 'asked');
    client.send('{"action":"job"}');
    await asked;
    gateway.clock.advance(1_000);
    expect(await client.next()).toMatch(/^{"message": "Endpoint request timed out", "connectionId":"/);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['breaks the answer off', (response) => response.writeHead(200, { 'content-length': 99 }).write('x')],
    ['ends the connection', () => {}],
  ])('fails with the error frame if the backend %s', async (_, begin) => {
    answer = (response) => {
      begin(response);
      setImmediate(() => response.socket?.destroy());
    };
    expect(await answerTo(to())).toMatch(/^{"message": "Internal server error"/);
  });

  it('fails with the error frame if the backend cannot be reached, and logs why', async () => {
    const gateway = await gatewayWith(to({ url: 'http://127.0.0.1:9/' }));
    const client = await gateway.connect();
    client.send('{"action":"job"}');
    expect(await client.next()).toMatch(/^{"message": "Internal server error"/);
    expect(gateway.logged).toEqual([expect.stringMatching(/^job failed in Stack\/Http: .*ECONNREFUSED/)]);
  });

  it('reaches an API of the app by its AWS address', async () => {
    const gateway = await start({
      routes: { job: { returnsResponse: true, run: never } },
      integrations: { job: to({ url: 'https://abcde12345.execute-api.us-east-1.amazonaws.com/prod/jobs' }) },
      endpoint: () => ({ host: '127.0.0.1', port: Number(new URL(origin).port) }),
    });
    const client = await gateway.connect();
    client.send('{"action":"job"}');
    expect(await client.next()).toBe('{"done":true}');
    const host = 'abcde12345.execute-api.us-east-1.amazonaws.com';
    expect(calls).toMatchObject([{ url: '/prod/jobs', headers: { host } }]);
  });

  describe('on $connect', () => {
    const opened = (integration: HttpIntegration, path = '/chat', parameters: string[] = []) =>
      start({
        routes: { $connect: never, $default: OK },
        integrations: { $connect: integration },
        parameters,
      }).then((gateway) => gateway.connect(path, { headers: { 'X-Own': 'mine' } }));

    it('forwards the headers and the query, without a body (HTTP_PROXY)', async () => {
      await opened(to(), '/chat?a=1&a=2');
      expect(calls).toMatchObject([
        {
          url: '/jobs?a=1&a=2',
          headers: { 'x-own': 'mine', 'sec-websocket-version': '13' },
          body: '',
        },
      ]);
      expect(calls[0]?.headers).not.toHaveProperty('upgrade');
    });

    it('lets a parameter override a forwarded header', async () => {
      await opened(to({ parameters: { 'integration.request.header.Sec-WebSocket-Version': "'0'" } }));
      expect(calls[0]?.headers['sec-websocket-version']).toBe('0');
    });

    it.each([400, 401, 500])('refuses with the status of the backend: %i', async (status) => {
      answer = (response) => response.writeHead(status).end('no');
      await expect(opened(to())).rejects.toThrow(String(status));
    });

    it('refuses with 502 if the backend cannot be reached', async () => {
      await expect(opened(to({ url: 'http://127.0.0.1:9/' }))).rejects.toThrow('502');
    });

    const mapping = {
      'integration.request.header.X-Room': 'route.request.querystring.room',
      'integration.request.header.X-Rooms': 'route.request.multivaluequerystring.room',
      'integration.request.header.X-Mine': 'route.request.header.x-own',
    };

    it('maps the parameters that the route lists', async () => {
      const listed = ['route.request.querystring.room', 'route.request.header.X-Own'];
      await opened(to({ type: 'HTTP', parameters: mapping }), '/chat?room=1&room=2', listed);
      expect(calls[0]?.headers).toMatchObject({ 'x-room': '2', 'x-rooms': '1,2', 'x-mine': 'mine' });
    });

    it('maps no parameter that the route does not list', async () => {
      await opened(to({ type: 'HTTP', parameters: mapping }), '/chat?room=1');
      expect(calls[0]?.headers).not.toHaveProperty('x-room');
    });

    it('refuses with 400 without a parameter that the route requires', async () => {
      const required = ['route.request.querystring.room!'];
      await opened(to(), '/chat?room=1', required);
      await expect(opened(to(), '/chat', required)).rejects.toThrow('400');
    });
  });
});
