import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectionsApiError } from '../../../lib/errors';
import { Abandonment } from '../../../lib/management-api/abandonment';
import type { ConnectionsClient } from '../../../lib/management-api/connections-client';
import type { Identity } from '../../../lib/management-api/identity';
import { SignedConnectionsClient } from '../../../lib/management-api/signed-connections-client';
import { SdkConnectionsClient } from './sdk-connections-client';

const IDENTITY: Identity = {
  credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
  region: async () => 'eu-central-1',
};

interface Seen {
  method: string | undefined;
  url: string | undefined;
  host: string | undefined;
  authorization: string | undefined;
  body: string;
}

describe.each([
  ['SignedConnectionsClient', (url: string): ConnectionsClient => new SignedConnectionsClient(IDENTITY, url)],
  ["a client of AWS's SDK", (url: string): ConnectionsClient => new SdkConnectionsClient(url)],
])('%s', (_, clientThatConnectsTo) => {
  const address = {
    webSocketId: 'eHrdFcnvvHcCE-w=',
    callbackUrl: 'https://abcdef1234.execute-api.eu-west-1.amazonaws.com/chat',
  };
  let server: Server;
  let seen: Seen[];
  let answer: (response: ServerResponse) => void;
  let client: ConnectionsClient;

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { host, authorization } = request.headers;
        seen.push({ method: request.method, url: request.url, host, authorization, body });
        answer(response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterAll(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  beforeEach(() => {
    seen = [];
    client = clientThatConnectsTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ignored`);
  });

  const answerWith = (status: number, body = '', headers: Record<string, string> = {}) => {
    answer = (response) => response.writeHead(status, headers).end(body);
  };
  const gone = () => answerWith(410, '', { 'x-amzn-errortype': 'GoneException' });

  it('connects to the endpoint, with the Host, path and signature of the callback URL', async () => {
    answerWith(200);
    expect(await client.post(address, 'grüße')).toBe('sent');
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/chat/@connections/eHrdFcnvvHcCE-w%3D',
        host: 'abcdef1234.execute-api.eu-west-1.amazonaws.com',
        authorization: expect.stringContaining('/eu-west-1/execute-api/aws4_request'),
        body: 'grüße',
      },
    ]);
  });

  it('returns a connection that is gone as an outcome of each call', async () => {
    gone();
    expect(await client.post(address, 'x')).toBe('gone');
    expect(await client.get(address)).toBeUndefined();
    expect(await client.delete(address)).toBe('gone');
  });

  it('reads a status', async () => {
    answerWith(
      200,
      '{ "identity" : { "sourceIp" : "1.2.3.4", "userAgent" : null }, "connectedAt" : "2020-11-15T12:23:14.726Z", "lastActiveAt" : "2020-11-15T12:23:14.972Z" }',
      { 'content-type': 'application/json' },
    );
    expect(await client.get(address)).toEqual({
      connectedAt: new Date('2020-11-15T12:23:14.726Z'),
      lastActiveAt: new Date('2020-11-15T12:23:14.972Z'),
      identity: { sourceIp: '1.2.3.4' },
    });
  });

  it('closes a connection', async () => {
    answerWith(204);
    expect(await client.delete(address)).toBe('closed');
    expect(seen[0]?.method).toBe('DELETE');
  });

  it.each([
    [429, true],
    [500, true],
    [504, true],
    [403, false],
    [413, false],
  ])('reports a status of %d once, as retryable: %s', async (status, retryable) => {
    answerWith(status, '{"message":"no"}', { 'content-type': 'application/json' });
    const error: unknown = await client.post(address, 'x').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionsApiError);
    expect(error).toMatchObject({ status, retryable });
    expect(seen).toHaveLength(1);
  });

  it('reports that there is no response', async () => {
    const nowhere = clientThatConnectsTo('http://127.0.0.1:1');
    await expect(nowhere.post(address, 'x')).rejects.toMatchObject({ status: 0, retryable: true });
  });

  it('gives up when aborted', async () => {
    answer = () => {};
    const abandonment = new Abandonment();
    const posting = client.post(address, 'x', abandonment);
    setImmediate(() => abandonment.abandon());
    await expect(posting).rejects.toThrow(ConnectionsApiError);
  });

  it('gives up closing a connection when aborted', async () => {
    const abandonment = new Abandonment();
    answer = () => abandonment.abandon();
    const closing = client.delete(address, abandonment);
    await expect(closing).rejects.toThrow(/given up|abort/i);
  });

  it('keeps concurrent posts separate, and aborts only the given one', async () => {
    const answers: ServerResponse[] = [];
    const bothArrived = new Promise<void>((resolve) => {
      answer = (response) => {
        answers.push(response);
        if (answers.length === 2) resolve();
      };
    });
    const abandonment = new Abandonment();
    const given = client.post({ ...address, webSocketId: 'given-up=' }, 'one', abandonment);
    const kept = client.post({ ...address, webSocketId: 'kept=' }, 'two', new Abandonment());
    await bothArrived;
    abandonment.abandon();
    await expect(given).rejects.toThrow(ConnectionsApiError);
    for (const response of answers) response.writeHead(200).end();
    expect(await kept).toBe('sent');
    expect(new Map(seen.map(({ url, body }) => [url, body]))).toEqual(
      new Map([
        ['/chat/@connections/given-up%3D', 'one'],
        ['/chat/@connections/kept%3D', 'two'],
      ]),
    );
  });
});
