import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChatClient } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(60_000);

const AWS = join(__dirname, '../../.cache/python/bin/aws');

describe('the AWS CLI against the local runtime', () => {
  let app: RunningApp;
  let client: ChatClient;
  let webSocketId: string;

  beforeAll(async () => {
    app = await startApp();
    client = await ChatClient.connect(app.runtime.webSocketUrl('chat'));
    webSocketId = await client.id();
  });
  afterAll(() => app.stop());

  const aws = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(AWS, args, { env: app.exported });
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  const connections = (operation: string, ...args: string[]) =>
    aws(
      ...['apigatewaymanagementapi', operation, '--endpoint-url', `${app.runtime.url}/chat`],
      ...['--connection-id', webSocketId, ...args],
    );

  it('posts to a connection', async () => {
    await connections('post-to-connection', '--data', '{"Type":"Chat","Message":"aGk="}');
    expect(await client.hears('Chat')).toEqual({ Type: 'Chat', Message: 'aGk=' });
  });

  it('reads a connection', async () => {
    expect(await connections('get-connection')).toEqual({
      ConnectedAt: expect.any(String),
      Identity: { SourceIp: '127.0.0.1' },
      LastActiveAt: expect.any(String),
    });
  });

  it('shows the rows', async () => {
    const { Items } = await aws(
      ...[
        'dynamodb',
        'query',
        '--table-name',
        app.exported.CHAT_TABLE ?? '',
        '--key-condition-expression',
        'pk = :pk',
      ],
      ...['--expression-attribute-values', JSON.stringify({ ':pk': { S: `CONNECTION#${webSocketId}` } })],
    );
    // The connection, and its membership in the channel of the chat's lines.
    expect(Items).toMatchObject([
      { sk: { S: 'CHANNEL#lines' }, state: { S: 'in' } },
      { sk: { S: 'CONNECTION' }, state: { S: 'open' }, service: { S: 'chat' } },
    ]);
  });

  it('invokes a function', async () => {
    const server = app.functionNames.find((name) => name.includes('Server')) as string;
    const answer = await aws(
      ...['lambda', 'invoke', '--function-name', server, '--payload', '{"type":"upkeep"}', '/dev/null'],
    );
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(answer).not.toHaveProperty('FunctionError');
  });

  it('closes a connection with 1000, and then reports it as gone', async () => {
    const closed = client.closed();
    await connections('delete-connection');
    expect(await closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    await expect(connections('delete-connection')).rejects.toThrow(/GoneException/);
  });
});
