/** Everything that the runtime serves is protected by the same guard. One row for each kind of path. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAssembly } from '../../local/assembly/read-assembly';
import { PageReload } from '../../local/endpoint/page-reload';
import { Faults } from '../../local/faults/faults';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { chatTemplate, writeAssembly } from './assembly/written-assembly';

const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

const target = (operation: string) => ({
  'x-amz-target': operation,
  'content-type': 'application/x-amz-json-1.1',
});

const LIST_TABLES = {
  'x-amz-target': 'DynamoDB_20120810.ListTables',
  'x-amz-date': '20260101T000000Z',
  'content-type': 'application/x-amz-json-1.0',
};

/** The request, and the status that the runtime's own page and a program get. */
const PATHS: [string, string, string, Record<string, string>, number][] = [
  ['a page', 'GET', '/', {}, 200],
  ['the script that reloads pages', 'GET', '/@dev/reload.mjs', {}, 200],
  ['the stream that reloads pages', 'GET', '/@dev/changes', {}, 200],
  ['the switch for faults', 'PUT', '/@local/faults/throttled', {}, 400],
  ['the page of the console', 'GET', '/@local/console', {}, 200],
  ['the events of the console', 'GET', '/@local/events', {}, 200],
  ['the state of the console', 'GET', '/@local/state', {}, 200],
  ['a post by the console', 'POST', '/@local/connections/eHrdFcnvvHcCE-w=', {}, 410],
  ['a connection that the console closes', 'DELETE', '/@local/connections/eHrdFcnvvHcCE-w=', {}, 410],
  ['the services of the console', 'POST', '/@local/services/chat', {}, 204],
  ['an API', 'GET', '/chat', {}, 426],
  ['a connection', 'POST', '/chat/@connections/eHrdFcnvvHcCE-w=', signed('execute-api'), 403],
  ['a table', 'POST', '/', { ...signed('dynamodb'), ...LIST_TABLES }, 200],
  ['a function', 'POST', '/2015-03-31/functions/none/invocations', signed('lambda'), 404],
  ['a bucket', 'GET', '/files?list-type=2', signed('s3'), 200],
  ['a presigned object', 'GET', '/files/a.txt?X-Amz-Credential=a%2Fb%2Fc%2Fs3%2Faws4_request', {}, 200],
  ['a stack', 'GET', '/?Action=DescribeStacks', signed('cloudformation'), 200],
  ['a queue', 'POST', '/', { ...signed('sqs'), ...target('AmazonSQS.ListQueues') }, 200],
  ['a topic', 'POST', '/', signed('sns'), 400],
  ['an event bus', 'POST', '/', { ...signed('events'), ...target('AWSEvents.PutEvents') }, 400],
  ['a parameter', 'POST', '/', { ...signed('ssm'), ...target('AmazonSSM.GetParameter') }, 400],
  ['a secret', 'POST', '/', { ...signed('secretsmanager'), ...target('secretsmanager.GetSecretValue') }, 400],
  ['a service that is not run', 'POST', '/', signed('kinesis'), 501],
  ['nothing', 'GET', '/nothing', {}, 404],
];

describe('The guard of a runtime', () => {
  const home = mkdtempSync(join(tmpdir(), 'guard-'));
  let runtime: Runtime;

  beforeAll(async () => {
    const { Resources } = chatTemplate();
    // It has no route, so API Gateway's own response comes without a function.
    const http = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'http' } };
    const stage = { ApiId: { Ref: 'Http' }, StageName: 'dev', AutoDeploy: true };
    const httpStage = { Type: 'AWS::ApiGatewayV2::Stage', Properties: stage };
    const bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } };
    writeFileSync(join(home, 'index.html'), 'page');
    writeFileSync(join(home, 'a.txt'), 'object');
    runtime = await startRuntime({
      app: readAssembly(
        writeAssembly({
          Main: { Resources: { ...Resources, Files: bucket, Http: http, HttpStage: httpStage } },
        }),
      ),
      // The signature is checked later, and separately.
      ...{ port: 0, log: silentLog, iam: false, webDirectory: home, pageReload: new PageReload() },
      allowedHosts: ['tunnel.example.com'],
      faults: new Faults(),
      services: () => ({
        handle({ url }, response) {
          if (!url?.startsWith('/@local/services')) return undefined;
          response.writeHead(204).end();
          return Promise.resolve();
        },
      }),
      bucketDirectories: { files: home },
    });
  });
  afterAll(async () => {
    await runtime.close();
    rmSync(home, { recursive: true });
  });

  /** The status and, if the guard has refused, the text of the response. */
  async function ask(method: string, path: string, headers: Record<string, string>) {
    const outgoing = request({
      ...{ host: '127.0.0.1', port: runtime.port, method, path },
      headers: { host: `localhost:${runtime.port}`, ...headers },
    });
    outgoing.end(method === 'POST' ? '{}' : undefined);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const isGuard = response.statusCode === 403 && response.headers['content-type']?.startsWith('text/plain');
    let text = '';
    if (isGuard) for await (const chunk of response) text += chunk;
    response.destroy();
    return isGuard ? text : response.statusCode;
  }

  describe.each(PATHS)('of %s', (_, method, path, headers, status) => {
    it('allows a program', async () => {
      expect(await ask(method, path, headers)).toBe(status);
    });

    it('allows its own page', async () => {
      const origin = `http://localhost:${runtime.port}`;
      expect(await ask(method, path, { ...headers, origin, 'sec-fetch-site': 'same-origin' })).toBe(status);
    });

    it('refuses a host name that is not its own', async () => {
      const refused = await ask(method, path, { ...headers, host: 'rebound.example.com' });
      expect(refused).toContain('The Host header "rebound.example.com" does not belong to this endpoint');
    });

    it.each(['https://example.com', 'http://localhost:1', 'null'])('refuses a page of %s', async (origin) => {
      expect(await ask(method, path, { ...headers, origin })).toContain(
        `Pages of ${origin} may not use this endpoint`,
      );
    });

    it('refuses the preflight of another origin’s page', async () => {
      const asking = { origin: 'https://example.com', 'access-control-request-method': method };
      expect(await ask('OPTIONS', path, asking)).toContain(
        'Pages of https://example.com may not use this endpoint',
      );
    });

    it.each(['cross-site', 'same-site'])('refuses to be embedded by a page that is %s', async (site) => {
      const embedding = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
      expect(await ask(method, path, { ...headers, ...embedding })).toContain('Pages of other sites');
    });

    it('refuses to be framed by another origin’s page', async () => {
      const framing = {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      };
      expect(await ask(method, path, { ...headers, ...framing })).toContain('Pages of other sites');
    });
  });

  describe('of an HTTP API, whose functions decide on origins as on AWS,', () => {
    const notFound = 404;

    it('allows pages of other origins', async () => {
      const { apiId } = runtime.httpApis[0] as { apiId: string };
      expect(await ask('POST', `/${apiId}/dev/x`, { origin: 'https://example.com' })).toBe(notFound);
    });

    it('refuses a host name that is not its own', async () => {
      const { apiId } = runtime.httpApis[0] as { apiId: string };
      const refused = await ask('GET', `/${apiId}/dev/x`, { host: 'rebound.example.com' });
      expect(refused).toContain('The Host header "rebound.example.com" does not belong to this endpoint');
    });
  });

  it.each(PATHS.filter(([, , path]) => path.startsWith('/@local/')))(
    'gives %s to nobody who comes by another name of this machine, such as a tunnel',
    async (_, method, path) => {
      expect(await ask('GET', '/', { host: 'tunnel.example.com' })).toBe(200);
      expect(await ask(method, path, { host: 'tunnel.example.com' })).toBe(404);
    },
  );

  it.each(PATHS.filter(([, , path]) => path.startsWith('/@local/')))(
    'gives %s to nobody whose request a tunnel or proxy passes on, whatever name it uses',
    async (_, method, path) => {
      for (const name of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via'])
        expect(await ask(method, path, { [name]: '203.0.113.9' })).toBe(404);
    },
  );

  it('allows a link from elsewhere to a page', async () => {
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect(await ask('GET', '/', link)).toBe(200);
  });
});
