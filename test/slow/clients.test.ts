/** Clients and SDKs in other languages, as people use them, against the local runtime. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

const CLIENTS = join(__dirname, 'clients');
const CACHE = join(__dirname, '../../.cache');
const PYTHON = join(CACHE, 'python-clients/bin/python');
const SDK_2 = join(CACHE, 'aws-sdk-2/node_modules/aws-sdk');

describe('the local gateway', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.stop());

  const run = async (command: string, ...args: string[]): Promise<string[]> => {
    const env = {
      ...app.exported,
      HOME: process.env.HOME,
      LC_ALL: 'C.UTF-8',
      AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1',
    };
    const { stdout } = await promisify(execFile)(command, args, { env, timeout: 60_000 });
    return stdout.trimEnd().split('\n');
  };

  const LONG = 'ö'.repeat(10_000);

  it.each([
    ['websockets, of Python', PYTHON, [join(CLIENTS, 'websockets_client.py')], []],
    ['websocket-client, of Python', PYTHON, [join(CLIENTS, 'websocket_client.py')], []],
    ['coder/websocket, of Go', join(CACHE, 'go-client'), [], []],
    ["the JDK's client", 'java', [join(CLIENTS, 'Client.java')], ['closed 1000']],
  ])('works with %s', async (_, command, args, atTheEnd) => {
    const heard = await run(command, ...args, app.runtime.webSocketUrl('echo-shared'), 'hello', LONG);
    expect(heard).toEqual(['hello', LONG, 'pong', ...atTheEnd]);
  });

  const connection = async () => {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('chat'));
    const { WSID } = JSON.parse(await client.hears());
    await client.hears();
    return { client, id: WSID as string };
  };

  it.each([
    ['boto3', PYTHON, [join(CLIENTS, 'boto3_posts.py')]],
    ['the AWS SDK for JavaScript 2', process.execPath, [join(CLIENTS, 'sdk-2.cjs'), SDK_2]],
  ])('accepts POST, GET and DELETE from %s', async (name, command, args) => {
    const { client, id } = await connection();
    const closed = client.closed();
    const printed = run(command, ...args, `${app.runtime.url}/chat`, id);
    expect(await client.hears()).toBe(name === 'boto3' ? 'boto3' : 'sdk 2');
    expect(await closed).toBe(1000);
    expect(await printed).toEqual(['127.0.0.1', '410']);
  });

  it('accepts POST, GET and DELETE from version 2 of the AWS CLI', async () => {
    const [version = ''] = await run('/usr/bin/aws', '--version');
    expect(version).toMatch(/^aws-cli\/2\./);
    const { client, id } = await connection();
    const closed = client.closed();
    const aws = (operation: string, ...args: string[]) =>
      run(
        '/usr/bin/aws',
        ...['apigatewaymanagementapi', operation],
        ...['--endpoint-url', `${app.runtime.url}/chat`, '--connection-id', id, ...args],
      );
    expect(JSON.parse((await aws('get-connection')).join(''))).toMatchObject({
      Identity: { SourceIp: '127.0.0.1' },
    });
    await aws('post-to-connection', '--data', 'of version 2', '--cli-binary-format', 'raw-in-base64-out');
    expect(await client.hears()).toBe('of version 2');
    await aws('delete-connection');
    expect(await closed).toBe(1000);
    await expect(aws('delete-connection')).rejects.toThrow(/GoneException/);
  });
});
