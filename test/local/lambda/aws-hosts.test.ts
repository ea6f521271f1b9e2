import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSync } from 'esbuild';
import type { FunctionHost } from '../../../local/lambda/function-host';
import { Fixture, REGION, RememberingLog } from './function-fixture';

const HOST = `abcdefghij.execute-api.${REGION}.amazonaws.com`;

/** Responds like @connections: 410 for the connection `gone`, nothing for `slow`, and 200 otherwise. */
class Endpoint {
  readonly requests: { line: string; host: string | undefined; body: string }[] = [];
  connections = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      this.requests.push({ line: `${request.method} ${request.url}`, host: request.headers.host, body });
      if (request.url?.endsWith('gone')) {
        response.writeHead(410, { 'x-amzn-ErrorType': 'GoneException', 'Content-Type': 'application/json' });
        response.end('{"message":"Gone"}');
      } else if (!request.url?.endsWith('slow')) {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(request.url === '/' ? '{"TableNames":["Rooms"]}' : '');
      }
    });
    this.#server.on('connection', () => {
      this.connections += 1;
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get address() {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

describe("AWS's hosts in a function", () => {
  const fixture = new Fixture();
  let endpoint: Endpoint;
  let dynamodb: Endpoint;

  beforeEach(async () => {
    endpoint = new Endpoint();
    dynamodb = new Endpoint();
    await Promise.all([endpoint.listen(), dynamodb.listen()]);
  });
  afterEach(async () => {
    await fixture.closeHosts();
    await Promise.all([endpoint.close(), dynamodb.close()]);
  });
  afterAll(() => fixture.remove());

  const hostOf = (files: Record<string, string>, log = new RememberingLog()): FunctionHost =>
    fixture.host([fixture.function('Posting', files, { timeoutSeconds: 10 })], {
      log,
      endpoint: () => endpoint.address,
      serviceEndpoints: () => ({ dynamodb: dynamodb.address }),
    });
  const run = (files: Record<string, string>) => hostOf(files).invoke('Posting', '{}');

  const POST_WITH_REQUEST = `new Promise((resolve, reject) => {
    const options = { method: 'POST', hostname: '${HOST}', path: '/chat/@connections/a%3D' };
    request(options, (response) => response.resume().on('end', () => resolve(response.statusCode)))
      .on('error', reject).end('hi');
  })`;

  it.each<[string, Record<string, string>]>([
    [
      'node:https as a default import',
      {
        'index.mjs': `import https from 'node:https'; const { request } = https; export const handler = () => ${POST_WITH_REQUEST};`,
      },
    ],
    [
      'node:https as a named import',
      {
        'index.mjs': `import { request } from 'node:https'; export const handler = () => ${POST_WITH_REQUEST};`,
      },
    ],
    [
      'require of https',
      { 'index.js': `const { request } = require('https'); exports.handler = () => ${POST_WITH_REQUEST};` },
    ],
    [
      'fetch',
      {
        'index.js': `exports.handler = async () => {
          const response = await fetch('https://${HOST}/chat/@connections/a%3D', { method: 'POST', body: 'hi' });
          return response.status;
        }`,
      },
    ],
  ])('are reached through %s', async (_, files) => {
    expect(await run(files)).toMatchObject({ payload: '200' });
    expect(endpoint.requests).toEqual([{ line: 'POST /chat/@connections/a%3D', host: HOST, body: 'hi' }]);
  });

  it('do not affect other hosts', async () => {
    const source = `const tls = require('node:tls');
      exports.handler = () => new Promise((resolve) => {
        tls.connect({ host: '127.0.0.1', port: ${endpoint.address.port}, servername: 'example.com' })
          .on('error', (error) => resolve(error.code));
      });`;
    // A TLS handshake was tried, and the plain server did not understand it.
    expect(await run({ 'index.js': source })).toMatchObject({
      payload: expect.stringMatching(/ERR_SSL|ECONNRESET|EPROTO/),
    });
  });

  it('are updated when the endpoint moves', async () => {
    let target = endpoint.address;
    const source = `exports.handler = async () => (await fetch('https://${HOST}/x')).status`;
    const host = fixture.host([fixture.function('Moving', { 'index.js': source })], {
      endpoint: () => target,
    });
    await host.invoke('Moving', '{}');
    await endpoint.close();
    target = dynamodb.address;
    await host.invoke('Moving', '{}').then(() => host.invoke('Moving', '{}'));
    expect(dynamodb.requests).toContainEqual({ line: 'GET /x', host: HOST, body: '' });
    endpoint = new Endpoint();
    await endpoint.listen();
  });

  describe('through the AWS SDK', () => {
    let bundle: string;

    beforeAll(() => {
      const source = `
        import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
        import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
        const sockets = new ApiGatewayManagementApiClient({ endpoint: 'https://${HOST}/chat' });
        export async function handler({ post, awaited, tables }) {
          if (tables) return (await new DynamoDBClient({}).send(new ListTablesCommand({}))).TableNames;
          const posts = post.map((ConnectionId) => sockets.send(new PostToConnectionCommand({ ConnectionId, Data: 'hi' })));
          if (!awaited) { Promise.allSettled(posts); return 'left'; }
          return (await Promise.allSettled(posts)).map(({ status, reason }) => reason?.name ?? status);
        }`;
      const { outputFiles } = buildSync({
        stdin: { contents: source, resolveDir: __dirname, loader: 'ts' },
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'cjs',
        target: 'node20',
        write: false,
      });
      bundle = outputFiles[0]?.text ?? '';
    });

    const post = (host: FunctionHost, ids: string[], awaited = true) =>
      host.invoke('Posting', JSON.stringify({ post: ids, awaited }));

    it('respond to a post, and with GoneException', async () => {
      const host = hostOf({ 'index.js': bundle });
      expect(await post(host, ['a=', 'gone'])).toMatchObject({ payload: '["fulfilled","GoneException"]' });
      expect(endpoint.requests).toContainEqual({
        line: 'POST /chat/@connections/a%3D',
        host: HOST,
        body: 'hi',
      });
    });

    it('keep connections alive over invocations, without a false report of unfinished work', async () => {
      const log = new RememberingLog();
      const host = hostOf({ 'index.js': bundle }, log);
      for (let round = 0; round < 3; round += 1) await post(host, ['a', 'b']);
      expect(endpoint.connections).toBe(2);
      expect(log.ends.map(({ leftovers }) => leftovers)).toEqual([{}, {}, {}]);
    });

    it('are not reached by posts that were not awaited, and this is reported', async () => {
      const log = new RememberingLog();
      const host = hostOf({ 'index.js': bundle }, log);
      await post(host, ['a'], false);
      expect(endpoint.requests).toEqual([]);
      expect(log.ends[0]?.leftovers).toEqual({ request: 1 });
    });

    it('report a post that was not awaited as a request, once the client is warm', async () => {
      const log = new RememberingLog();
      const host = hostOf({ 'index.js': bundle }, log);
      await post(host, ['a', 'b']);
      await post(host, ['slow', 'slow'], false);
      expect(log.ends[1]?.leftovers).toEqual({ request: 2 });
    });

    it('require a scheme in the endpoint, as on AWS', async () => {
      const source = bundle.replaceAll('https://', '');
      expect(source).not.toBe(bundle);
      const { payload } = await post(hostOf({ 'index.js': source }), ['a']);
      expect(JSON.parse(payload)).not.toEqual(['fulfilled']);
      expect(payload).toContain('TypeError');
    });

    it('use separate endpoints for single services', async () => {
      const outcome = await hostOf({ 'index.js': bundle }).invoke('Posting', '{"tables":true}');
      expect(outcome).toMatchObject({ payload: '["Rooms"]' });
      expect(dynamodb.requests).toMatchObject([{ line: 'POST /', host: `dynamodb.${REGION}.amazonaws.com` }]);
      expect(endpoint.requests).toEqual([]);
    });
  });

  it('are left to AWS if the client speaks only HTTP/2, and the log says so once for each', async () => {
    const log = new RememberingLog();
    const call = (host: string) =>
      `await new Promise((resolve) => http2.connect('https://${host}', { lookup: (...args) => args.at(-1)(new Error('no network')) }).on('error', resolve));`;
    const bedrock = `bedrock-runtime.${REGION}.amazonaws.com`;
    const source = `const http2 = require('node:http2'); exports.handler = async () => { ${call(bedrock)} ${call(bedrock)} ${call('example.com')} };`;
    await hostOf({ 'index.js': source }, log).invoke('Posting', '{}');
    expect(log.lines.map(({ text: line }) => line.trim())).toEqual([
      `The function calls ${bedrock} over HTTP/2. The runtime does not have such a service, so the call goes to AWS, which does not know the function's credentials.`,
    ]);
  });
});
