import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { Access } from '../../../local/iam/access';
import type { Credentials } from '../../../local/iam/identities';
import { ACCOUNT, accessApp, allow, FUNCTION, SESSION } from '../iam/access-app';
import { API_ID, gateways, OK, type RunningGateway } from './running-gateway';

const { sha256 } = new ApiGatewayManagementApiClient({ region: 'us-east-1' }).config;
const PERSON: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const STAGE = `arn:aws:execute-api:us-east-1:${ACCOUNT}:${API_ID}/chat`;
const CONNECT = `${STAGE}/$connect`;
const start = gateways();

function accessWith(...statements: JsonObject[]) {
  const lines: string[] = [];
  const log = { info() {}, error() {}, warn: (text: string) => lines.push(text) };
  const access = new Access({
    app: accessApp(statements),
    log,
    nameOf: () => 'Chat',
    clock: new ManualClock(),
  });
  return { access, lines, ofFunction: access.credentialsOf(FUNCTION) };
}

/** The path of a handshake that AWS's own signer has presigned. */
async function presigned(
  { port }: RunningGateway,
  credentials: Credentials,
  expiresIn = 60,
): Promise<string> {
  const host = `127.0.0.1:${port}`;
  const signer = new SignatureV4({ service: 'execute-api', region: 'us-east-1', credentials, sha256 });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'wss:',
      hostname: host,
      path: '/chat',
      query: { room: 'a b' },
      headers: { host },
    },
    { expiresIn },
  );
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `/chat?${pairs.join('&')}`;
}

async function signedHeaders(
  { port }: RunningGateway,
  credentials: Credentials,
): Promise<Record<string, string>> {
  const host = `127.0.0.1:${port}`;
  const signer = new SignatureV4({ service: 'execute-api', region: 'us-east-1', credentials, sha256 });
  const { headers } = await signer.sign({
    ...{ method: 'GET', protocol: 'wss:', hostname: host, path: '/chat', query: {}, headers: { host } },
  });
  return headers;
}

describe('A handshake of an API that uses IAM', () => {
  const routes = { $connect: OK, $default: OK };

  it('is accepted with its presigned URL', async () => {
    const { access } = accessWith();
    const gateway = await start({ routes, access });
    const client = await gateway.connect(await presigned(gateway, PERSON));
    client.terminate();
  });

  it('is accepted with its signed headers', async () => {
    const { access } = accessWith();
    const gateway = await start({ routes, access });
    const client = await gateway.connect('/chat', { headers: await signedHeaders(gateway, PERSON) });
    client.terminate();
  });

  it('is refused without a signature, and $connect does not run', async () => {
    const gateway = await start({ routes, access: accessWith().access });
    const client = gateway.client();
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal).toMatchObject({ body: '{"message":"Missing Authentication Token"}' });
    expect(client.refusal?.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');
    expect(gateway.functions.events).toEqual([]);
  });

  it('is refused with the signature of another secret', async () => {
    const gateway = await start({ routes, access: accessWith().access });
    const client = gateway.client(await presigned(gateway, { ...PERSON, secretAccessKey: 'other' }));
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal?.headers['x-amzn-errortype']).toBe('InvalidSignatureException');
  });

  it('is refused with a presigned URL that was changed', async () => {
    const gateway = await start({ routes, access: accessWith().access });
    const client = gateway.client((await presigned(gateway, PERSON)).replace('room=a%20b', 'room=c'));
    await expect(client.opened).rejects.toThrow('403');
  });

  it('is accepted if the policies of the role allow $connect, and refused otherwise', async () => {
    const { access, ofFunction, lines } = accessWith(allow('execute-api:Invoke', CONNECT));
    const gateway = await start({ routes, access });
    const client = await gateway.connect(await presigned(gateway, ofFunction));
    client.terminate();
    access.update(accessApp([allow('execute-api:Invoke', `${STAGE}/$default`)]));
    const refused = gateway.client(await presigned(gateway, ofFunction));
    await expect(refused.opened).rejects.toThrow('403');
    expect(JSON.parse(refused.refusal?.body ?? '')).toEqual({
      Message: `User: ${SESSION} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:${API_ID}/chat/$connect because no identity-based policy allows the execute-api:Invoke action`,
    });
    expect(lines).toEqual([
      expect.stringContaining(`Chat has no permission for execute-api:Invoke on ${CONNECT}`),
    ]);
  });

  it('is checked once: no policy denies a later message', async () => {
    const { access, ofFunction } = accessWith(allow('execute-api:Invoke', CONNECT), {
      ...allow('execute-api:Invoke', `${STAGE}/$default`),
      Effect: 'Deny',
    });
    const gateway = await start({ routes, access });
    const client = await gateway.connect(await presigned(gateway, ofFunction));
    const message = gateway.functions.next('MESSAGE');
    client.send('hello');
    expect((await message).body).toBe('hello');
  });

  it('adds the client’s identity to every event', async () => {
    const { access, ofFunction } = accessWith(allow('execute-api:*', '*'));
    const gateway = await start({ routes: { ...routes, $disconnect: OK }, access });
    const client = await gateway.connect(await presigned(gateway, ofFunction));
    const left = gateway.functions.next('DISCONNECT');
    client.send('hello');
    await client.roundTrip();
    client.terminate();
    await left;
    const user = expect.stringMatching(/^AROA[A-Z0-9]{17}:fn$/);
    const identities = gateway.functions.events.map(({ requestContext }) => requestContext.identity);
    const expected = {
      ...{ accountId: ACCOUNT, caller: user, sourceIp: '127.0.0.1', user, userArn: SESSION },
      accessKey: ofFunction.accessKeyId,
    };
    expect(identities).toEqual([expected, expected, expected]);
  });
});

describe('A management call', () => {
  const routes = { $connect: OK, $disconnect: OK };
  const MANAGE = 'execute-api:ManageConnections';

  async function connected(...statements: JsonObject[]) {
    const made = accessWith(...statements);
    const gateway = await start({ routes, access: made.access });
    const { connectionId } = await gateway.connectKnown(await presigned(gateway, PERSON));
    const call = async (command: unknown, credentials: Credentials) => {
      const client = gateway.management({ credentials });
      try {
        return await client.send(command as PostToConnectionCommand);
      } finally {
        client.destroy();
      }
    };
    return { ...made, gateway, connectionId, call };
  }

  const commands = (ConnectionId: string): [method: string, command: unknown][] => [
    ['POST', new PostToConnectionCommand({ ConnectionId, Data: 'x' })],
    ['GET', new GetConnectionCommand({ ConnectionId })],
    ['DELETE', new DeleteConnectionCommand({ ConnectionId })],
  ];

  it('is authorized by its method, its stage and its API', async () => {
    const { access, connectionId, call, ofFunction } = await connected();
    for (const [method, command] of commands(connectionId)) {
      access.update(
        accessApp([allow(MANAGE, `${STAGE}/${method}X/@connections/*`), allow(MANAGE, `${STAGE}X/*`)]),
      );
      await expect(call(command, ofFunction)).rejects.toMatchObject({
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 403 },
        message: `User: ${SESSION} is not authorized to perform: ${MANAGE} on resource: arn:aws:execute-api:us-east-1:********0000:${API_ID}/chat/${method}/@connections/{connectionId}`,
      });
      access.update(accessApp([allow(MANAGE, `${STAGE}/${method}/@connections/*`)]));
      await call(command, ofFunction);
    }
  });

  it("names the CDK's grants, once for all connections", async () => {
    const { call, connectionId, ofFunction, lines } = await connected();
    for (const id of [connectionId, 'eHrdFcnvvHcCE-w=']) {
      const [, command] = commands(id)[0] as [string, unknown];
      await expect(call(command, ofFunction)).rejects.toThrow('is not authorized');
    }
    expect(lines).toEqual([
      `Chat has no permission for ${MANAGE} on ${STAGE}/POST/@connections/*: no policy of its role Role allows it. In the CDK app, this allows it: stage.grantManagementApiAccess(fn) or webSocketApi.grantManageConnections(fn)`,
    ]);
  });

  it('is refused with the signature of another secret, and allowed for people', async () => {
    const { call, connectionId } = await connected();
    const [, command] = commands(connectionId)[0] as [string, unknown];
    await expect(call(command, { ...PERSON, secretAccessKey: 'other' })).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    await call(command, PERSON);
  });
});
