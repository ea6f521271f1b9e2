import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { BucketCorsRule } from '../../../local/assembly/model';
import { silentLog } from '../../../local/log';
import { BucketCors } from '../../../local/s3/bucket-cors';
import { errorOf } from './running-s3';

const SIGNED =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0';
const PAGE = 'http://localhost:5173';

const rule = (given: Partial<BucketCorsRule> = {}): BucketCorsRule => ({
  ...{ allowedOrigins: ['*'], allowedMethods: ['PUT'], allowedHeaders: ['*'], exposedHeaders: [] },
  ...given,
});

describe('BucketCors', () => {
  const warnings: string[] = [];
  let server: Server;
  let cors: BucketCors;
  beforeAll(async () => {
    server = createServer((incoming, response) => {
      const handled = cors.handle(incoming, response);
      if (handled === undefined) response.writeHead(418).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());
  beforeEach(() => warnings.splice(0));

  const withRules = (...corsRules: BucketCorsRule[]) => {
    cors = new BucketCors(
      [
        {
          path: 'App/Files',
          bucketName: 'files',
          bucketArn: 'arn:aws:s3:::files',
          notifications: [],
          corsRules,
        },
      ],
      { handle: (incoming, response) => void response.writeHead(200).end(`${incoming.method} object`) },
      { ...silentLog, warn: (line) => warnings.push(line) },
    );
  };

  async function send(method: string, headers: Record<string, string>, query = SIGNED) {
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ port, host: '127.0.0.1', method, path: `/files/a?${query}`, headers });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  const preflight = (method: string, headers: Record<string, string> = {}) =>
    send('OPTIONS', { origin: PAGE, 'access-control-request-method': method, ...headers });

  it('answers the preflight of a presigned URL', async () => {
    withRules(rule({ maxAgeSeconds: 3000 }));
    const answer = await preflight('PUT', { 'access-control-request-headers': 'Content-Type, X-Amz-Acl' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'content-type, x-amz-acl',
      'access-control-max-age': '3000',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    });
  });

  it('lets the page read the response to its request', async () => {
    withRules(rule({ allowedOrigins: ['http://localhost:*'], exposedHeaders: ['ETag'] }));
    const answer = await send('PUT', { origin: PAGE });
    expect(answer).toMatchObject({ status: 200, body: 'PUT object' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag',
    });
  });

  it.each<[string, BucketCorsRule[], string]>([
    ['an origin', [rule({ allowedOrigins: ['https://example.com', 'https://*.example.com'] })], 'PUT'],
    ['a method', [rule()], 'GET'],
    ['a header', [rule({ allowedHeaders: ['x-amz-*'] })], 'PUT'],
    ['a page where the bucket has no rules', [], 'PUT'],
  ])('refuses %s that no rule allows, and says so', async (_, rules, method) => {
    withRules(...rules);
    const answer = await preflight(method, { 'access-control-request-headers': 'content-type' });
    expect(errorOf(answer)).toBe('403 AccessForbidden');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/^CORS of the bucket files does not let pages of http:\/\/localhost:5173 /),
    ]);
  });

  it('serves a request that no rule allows, as S3 does, but the page cannot read the response', async () => {
    withRules();
    const answer = await send('PUT', { origin: PAGE });
    expect(answer).toMatchObject({ status: 200, body: 'PUT object' });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['requests of programs', 'PUT', {}, SIGNED],
    ['URLs that are not presigned', 'PUT', { origin: PAGE }, ''],
    [
      'URLs that are presigned for another service',
      'GET',
      { origin: PAGE },
      SIGNED.replace('%2Fs3%2F', '%2Fsqs%2F'),
    ],
    ['OPTIONS that are no preflight', 'OPTIONS', { origin: PAGE }, SIGNED],
  ])('does not affect %s', async (_, method, headers, query) => {
    withRules(rule());
    expect((await send(method, headers, query)).status).toBe(418);
  });
});
