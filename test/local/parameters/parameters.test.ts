import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { App } from '../../../local/assembly/model';
import type { RequestHandler } from '../../../local/endpoint/request-router';
import { ParameterStore } from '../../../local/parameters/parameter-store';
import { SecretsManager } from '../../../local/parameters/secrets-manager';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key-abc123';

const app: Pick<App, 'storedParameters' | 'secrets' | 'givenValues' | 'region' | 'accountId'> = {
  region: 'us-east-1',
  accountId: '000000000000',
  storedParameters: [
    ...['/chat/limit', '/chat/names', '/chat/deep/size'].map((name, index) => ({
      ...{ path: 'Main/P', name, value: `${index},x` },
      arn: `arn:aws:ssm:us-east-1:000000000000:parameter${name}`,
      type: index === 1 ? ('StringList' as const) : ('String' as const),
    })),
  ],
  secrets: [
    { path: 'Main/Key', name: 'key', arn: ARN, value: 'abc', description: 'of the API' },
    { path: 'Main/Empty', name: 'empty', arn: ARN.replace('key', 'empty') },
  ],
  givenValues: { '/chat/given': 'here', 'db:user': 'ada', 'db:password': 'secret', '/chat/names': 'other' },
};

const STARTED_AT = 1_750_000_000_000;
const logged: string[] = [];
const log = { info: () => {}, warn: (text: string) => void logged.push(text), error: () => {} };

let handler: RequestHandler;
const server = createServer((request, response) => void handler.handle(request, response));
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => logged.splice(0));

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('ParameterStore', () => {
  beforeEach(() => {
    handler = new ParameterStore(() => app, STARTED_AT, log);
  });

  async function call(operation: string, input: unknown) {
    const response = await fetch(url(), {
      method: 'POST',
      headers: { 'x-amz-target': `AmazonSSM.${operation}` },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    });
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
  }

  const names = ({ Parameters }: Record<string, unknown>) =>
    (Parameters as { Name: string }[]).map(({ Name }) => Name);

  it('returns a parameter of the app, with all fields', async () => {
    expect(await call('GetParameter', { Name: '/chat/limit', WithDecryption: true })).toEqual({
      status: 200,
      Parameter: {
        ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/chat/limit',
        DataType: 'text',
        LastModifiedDate: 1_750_000_000,
        Name: '/chat/limit',
        Type: 'String',
        Value: '0,x',
        Version: 1,
      },
    });
  });

  it.each([
    ['by its ARN', 'arn:aws:ssm:us-east-1:000000000000:parameter/chat/limit'],
    ['by its version', '/chat/limit:1'],
    ['of another place, where it was given', '/chat/given'],
  ])('returns a parameter %s', async (_, Name) => {
    expect(await call('GetParameter', { Name })).toMatchObject({ status: 200 });
  });

  it('returns the given value instead of the app’s value', async () => {
    const { Parameter } = (await call('GetParameter', { Name: '/chat/names' })) as Record<string, unknown>;
    expect(Parameter).toMatchObject({ Type: 'StringList', Value: 'other' });
  });

  it('explains how to set a missing parameter', async () => {
    expect(await call('GetParameter', { Name: '/other' })).toEqual({
      status: 400,
      __type: 'ParameterNotFound',
    });
    expect(logged).toEqual([expect.stringContaining('start with --parameter /other=VALUE')]);
  });

  it('refuses a missing version', async () => {
    expect(await call('GetParameter', { Name: '/chat/limit:2' })).toMatchObject({
      __type: 'ParameterVersionNotFound',
    });
  });

  it('returns several parameters, and lists missing ones', async () => {
    const answer = await call('GetParameters', { Names: ['/chat/limit', '/other'] });
    expect(names(answer)).toEqual(['/chat/limit']);
    expect(answer).toMatchObject({ InvalidParameters: ['/other'] });
  });

  it('returns the parameters below a path', async () => {
    expect(names(await call('GetParametersByPath', { Path: '/chat' }))).toEqual([
      '/chat/given',
      '/chat/limit',
      '/chat/names',
    ]);
    expect(names(await call('GetParametersByPath', { Path: '/chat/', Recursive: true }))).toContain(
      '/chat/deep/size',
    );
  });

  it('returns them in pages', async () => {
    const first = (await call('GetParametersByPath', { Path: '/chat', MaxResults: 2 })) as Record<
      string,
      unknown
    >;
    const next = await call('GetParametersByPath', {
      Path: '/chat',
      MaxResults: 2,
      NextToken: first.NextToken,
    });
    expect([names(first), names(next)]).toEqual([['/chat/given', '/chat/limit'], ['/chat/names']]);
    expect(next).not.toHaveProperty('NextToken');
  });

  it.each<[string, string, unknown, Record<string, unknown>]>([
    [
      'eleven names',
      'GetParameters',
      { Names: Array(11).fill('x') },
      { status: 400, __type: 'ValidationException' },
    ],
    ['a path without a slash', 'GetParametersByPath', { Path: 'chat' }, { __type: 'ValidationException' }],
    ['what is no JSON', 'GetParameter', '[', { status: 400, __type: 'SerializationException' }],
    [
      'an operation that is not run',
      'PutParameter',
      {},
      { status: 501, message: expect.stringContaining('not "PutParameter"') },
    ],
  ])('refuses %s', async (_, operation, input, answer) => {
    expect(await call(operation, input)).toMatchObject(answer);
  });
});

describe('SecretsManager', () => {
  const client = () =>
    new SecretsManagerClient({
      endpoint: url(),
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  beforeEach(() => {
    handler = new SecretsManager(() => app, STARTED_AT, log);
  });

  it.each([
    ['name', 'key'],
    ['ARN', ARN],
    ['ARN without its suffix', ARN.slice(0, -7)],
  ])('returns a secret of the app by its %s', async (_, SecretId) => {
    expect(await client().send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
      ARN,
      Name: 'key',
      SecretString: 'abc',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: new Date(STARTED_AT),
    });
  });

  it('creates a secret from given keys', async () => {
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: 'db' }));
    expect(JSON.parse(SecretString ?? '')).toEqual({ user: 'ada', password: 'secret' });
  });

  it('accepts a name that ends like an ARN', async () => {
    handler = new SecretsManager(() => ({ ...app, givenValues: { 'api-secret': 'x' } }), STARTED_AT, log);
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: 'api-secret' }));
    expect(SecretString).toBe('x');
  });

  it('explains how to set a missing secret', async () => {
    const asked = client().send(new GetSecretValueCommand({ SecretId: 'other' }));
    await expect(asked).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
    expect(logged).toEqual([expect.stringContaining('--parameter other=VALUE')]);
  });

  it.each([
    ['without a value', { SecretId: 'empty' }, /value for staging label: AWSCURRENT/],
    ['of a name that every object has', { SecretId: 'constructor' }, /can't find the specified secret/],
    ['at another stage', { SecretId: 'key', VersionStage: 'AWSPREVIOUS' }, /staging label: AWSPREVIOUS/],
    ['in another version', { SecretId: 'key', VersionId: 'a'.repeat(32) }, /VersionId: aaa/],
  ])('refuses a secret %s', async (_, input, message) => {
    await expect(client().send(new GetSecretValueCommand(input))).rejects.toThrow(message);
  });

  it('returns several secrets, and lists missing ones', async () => {
    const { SecretValues, Errors } = await client().send(
      new BatchGetSecretValueCommand({ SecretIdList: ['key', 'other'] }),
    );
    expect(SecretValues?.map(({ Name }) => Name)).toEqual(['key']);
    expect(Errors).toEqual([
      expect.objectContaining({ SecretId: 'other', ErrorCode: 'ResourceNotFoundException' }),
    ]);
  });

  it('describes a secret', async () => {
    const described = await client().send(new DescribeSecretCommand({ SecretId: 'key' }));
    expect(described).toMatchObject({ ARN, Name: 'key', Description: 'of the API' });
    expect(Object.values(described.VersionIdsToStages ?? {})).toEqual([['AWSCURRENT']]);
  });
});
