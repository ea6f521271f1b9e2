/** A function gives a page a presigned URL made by the SDK, and the page uses it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import type { App } from '../../../local/assembly/model';
import { silentFunctionLog } from '../../../local/lambda/function-log';
import { silentLog } from '../../../local/log';
import { type Runtime, startRuntime } from '../../../local/runtime';
import { accessApp, allow, FUNCTION } from '../iam/access-app';

const PAGE = 'http://localhost:5173';
const { sha256 } = new ApiGatewayManagementApiClient({ region: 'us-east-1' }).config;
const CORS = { allowedOrigins: ['*'], allowedMethods: ['PUT'], allowedHeaders: ['*'], exposedHeaders: [] };

describe('A presigned URL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'presigned-'));
  let runtime: Runtime | undefined;
  beforeAll(async () => {
    writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => process.env;');
    await start();
  });
  afterAll(async () => {
    await runtime?.close();
    rmSync(folder, { recursive: true });
  });

  async function start(environment: Record<string, string> = {}, iam = true): Promise<void> {
    await runtime?.close();
    const { buckets, ...access } = accessApp([allow('s3:PutObject', 'arn:aws:s3:::files/*')]);
    const app: App = {
      ...access,
      functions: [{ ...FUNCTION, codeDirectory: folder, timeoutSeconds: 20, environment }],
      buckets: buckets.map((bucket) => ({ ...bucket, corsRules: [CORS] })),
      ...{
        schedules: [],
        eventSources: [],
        givenValues: {},
        unknownValues: [],
        stacks: [],
        outputs: [],
        notRun: [],
      },
    };
    runtime = await startRuntime({
      ...{ app, port: 0, log: silentLog, functionLog: silentFunctionLog, iam },
      bucketDirectories: { files: join(folder, 'files') },
    });
  }

  async function environment(): Promise<Record<string, string>> {
    const { payload } = (await runtime?.functions.invoke('fn', '{}')) ?? { payload: '{}' };
    return JSON.parse(payload);
  }

  /** Uses the endpoint, the credentials and the path style that the SDK takes from a function's variables. */
  async function presign(method: string, key: string): Promise<string> {
    const env = await environment();
    const { hostname, host, port } = new URL(String(env.AWS_ENDPOINT_URL_S3));
    const signer = new SignatureV4({
      ...{ service: 's3', region: 'us-east-1', sha256, uriEscapePath: false },
      credentials: {
        accessKeyId: String(env.AWS_ACCESS_KEY_ID),
        secretAccessKey: String(env.AWS_SECRET_ACCESS_KEY),
        ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
      },
    });
    const request = {
      ...{ method, protocol: 'http:', hostname, port: Number(port), path: `/files/${key}`, query: {} },
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    };
    const { query = {} } = await signer.presign(request, { expiresIn: 60 });
    return `http://${host}/files/${key}?${new URLSearchParams(query as Record<string, string>)}`;
  }

  const put = (url: string) => fetch(url, { method: 'PUT', body: 'content', headers: { origin: PAGE } });

  function postForm(headers: Record<string, string>): Promise<Response> {
    const body = new FormData();
    body.append('key', 'form.txt');
    body.append('file', new Blob(['content']), 'a.txt');
    return fetch(`${runtime?.url}/files`, { method: 'POST', body, headers });
  }

  it('lets a page of another origin upload the object that the URL names', async () => {
    const url = await presign('PUT', 'a.txt');
    const answer = await put(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(readFileSync(join(folder, 'files/a.txt'), 'utf8')).toBe('content');
  });

  it.each<[string, (url: string) => string, string]>([
    ['names another object', (url) => url.replace('/a.txt', '/b.txt'), 'SignatureDoesNotMatch'],
    ['has another signature', (url) => `${url.slice(0, -4)}0000`, 'SignatureDoesNotMatch'],
  ])('is refused if it %s', async (_, change, code) => {
    const answer = await put(change(await presign('PUT', 'a.txt')));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain(`<Code>${code}</Code>`);
  });

  it('allows only what the function itself may do', async () => {
    const answer = await fetch(await presign('GET', 'a.txt'), { headers: { origin: PAGE } });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it.each<[string, Record<string, string>]>([
    ['a page of another origin', { origin: PAGE }],
    ['a program', {}],
  ])('may be a form, whose policy the bucket requires of %s', async (_, headers) => {
    const answer = await postForm(headers);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it('gives pages of other origins no access if signatures are not verified', async () => {
    await start({}, false);
    const answer = await put(await presign('PUT', 'a.txt'));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(/^Pages of http:\/\/localhost:5173 may not use this endpoint/);
  });

  it('needs no signature in forms of programs if signatures are not verified', async () => {
    await start({}, false);
    expect((await postForm({})).status).toBe(204);
    expect((await postForm({ origin: PAGE })).status).toBe(403);
  });

  it('uses the endpoint that the function itself sets', async () => {
    await start({ AWS_ENDPOINT_URL: 'http://one.test', OTHER: '1' });
    expect((await environment()).AWS_ENDPOINT_URL_S3).toBe('http://one.test');
  });
});
