/**
 * A runtime with IAM: which credentials its functions have, and what happens if IAM is off or another DynamoDB is
 * used.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import type { App } from '../../../local/assembly/model';
import { readStatements } from '../../../local/iam/policy-statement';
import { readSignature } from '../../../local/iam/signed-request';
import { textFunctionLog } from '../../../local/lambda/function-log';
import { type Runtime, startRuntime } from '../../../local/runtime';
import type { RuntimeOptions } from '../../../local/runtime-options';
import { SIGNING } from '../signing-handler';
import { accessApp, allow, FUNCTION, ROLE, SESSION } from './access-app';

const HANDLER = `${SIGNING}
import https from 'node:https';
export async function credentials() {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  return [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN];
}
export function call({ service, target, body }) {
  const host = service + '.us-east-1.amazonaws.com';
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  if (process.env.AWS_SESSION_TOKEN) Object.assign(headers, signed({ host, path: '/', service, body }));
  else headers.authorization = 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/' + service + '/aws4_request, SignedHeaders=host, Signature=0';
  return new Promise((resolve, reject) => {
    const request = https.request({ host, path: '/', method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject).end(body);
  });
}
`;

const TABLES = { service: 'dynamodb', target: 'DynamoDB_20120810.ListTables', body: '{}' };
const OTHER_ROLE = `${ROLE}Other`;

describe('A runtime', () => {
  const code = mkdtempSync(join(tmpdir(), 'permissions-'));
  const lines: string[] = [];
  let runtime: Runtime | undefined;

  beforeAll(() => writeFileSync(join(code, 'index.mjs'), HANDLER));
  afterEach(async () => {
    await runtime?.close();
    runtime = undefined;
    lines.length = 0;
  });
  afterAll(() => rmSync(code, { recursive: true }));

  function appWith(...statements: ReturnType<typeof allow>[]): App {
    const lambda = { ...FUNCTION, codeDirectory: code, timeoutSeconds: 20 };
    const functions = [
      { ...lambda, handler: 'index.call' },
      { ...lambda, functionName: 'one', handler: 'index.credentials' },
      { ...lambda, functionName: 'two', handler: 'index.credentials' },
      { ...lambda, functionName: 'three', handler: 'index.credentials', roleArn: OTHER_ROLE },
    ];
    const app = accessApp(statements);
    const other = {
      path: 'Other',
      roleName: 'RoleOther',
      roleArn: OTHER_ROLE,
      statements: readStatements(undefined),
    };
    return {
      ...app,
      ...{
        functions,
        roles: [...app.roles, other],
        httpApis: [],
        schedules: [],
        eventSources: [],
        givenValues: {},
      },
      ...{ unknownValues: [], stacks: [], outputs: [], notRun: [] },
    };
  }

  async function start(app: App, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
    const log = {
      info: (text: string) => lines.push(text),
      warn: (text: string) => lines.push(text),
      error: (text: string) => lines.push(text),
    };
    runtime = await startRuntime({ app, port: 0, log, functionLog: textFunctionLog(log), ...options });
    return runtime;
  }

  async function invoke(functionName: string, event: object = {}) {
    const { payload } = (await runtime?.functions.invoke(functionName, JSON.stringify(event))) ?? {
      payload: '',
    };
    return JSON.parse(payload);
  }

  it('gives each function its own credentials, which appear in no log', async () => {
    await start(appWith());
    const given: string[][] = [];
    for (const name of ['one', 'two', 'three']) given.push(await invoke(name));
    expect(new Set(given.flat()).size).toBe(9);
    expect(given.flat().filter((text) => text === null || text === 'local')).toEqual([]);
    await invoke('fn', TABLES);
    for (const secret of given.flat()) expect(lines.join('\n')).not.toContain(secret);
  });

  it('refuses what the role does not allow, and logs it', async () => {
    await start(appWith());
    const { status, text } = await invoke('fn', TABLES);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: `User: ${SESSION} is not authorized to perform: dynamodb:ListTables on resource: * because no identity-based policy allows the dynamodb:ListTables action`,
    });
    expect(lines.filter((line) => line.includes('has no permission for dynamodb:ListTables'))).toHaveLength(
      1,
    );
  });

  it('allows everything to every function if IAM is off', async () => {
    await start(appWith(), { iam: false });
    expect((await invoke('one')).slice(0, 2)).toEqual(['local', 'local']);
    expect(await invoke('fn', TABLES)).toMatchObject({ status: 200 });
  });

  it('tells a program with other credentials how to sign', async () => {
    const { url } = await start(appWith());
    const credentials = { accessKeyId: 'AKIASOMEBODY', secretAccessKey: 'own' };
    const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    });
    client.destroy();
    expect(lines.find((line) => line.includes('AWS_ACCESS_KEY_ID=local'))).toContain(
      'A request to dynamodb was refused',
    );
    expect(lines.join('\n')).not.toContain('AKIASOMEBODY');
  });

  describe('with another DynamoDB', () => {
    let elsewhere: Server;
    let keys: string[];

    beforeEach(async () => {
      keys = [];
      elsewhere = createServer((request, response) => {
        const signature = readSignature(request);
        keys.push(
          typeof signature === 'object' ? `${signature.accessKeyId} ${signature.sessionToken}` : 'none',
        );
        request.resume().on('end', () => response.end('{"TableNames":["elsewhere"]}'));
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    });
    afterEach(() => elsewhere.close());

    it('decides before it calls, and calls with its own credentials', async () => {
      const dynamodbUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
      const started = await start(appWith(), { dynamodbUrl });
      expect(await invoke('fn', TABLES)).toMatchObject({ status: 400 });
      expect(keys).toEqual([]);
      await started.update(appWith(allow('dynamodb:ListTables', '*')));
      expect(await invoke('fn', TABLES)).toEqual({ status: 200, text: '{"TableNames":["elsewhere"]}' });
      expect(keys).toEqual(['local undefined']);
    });
  });
});
