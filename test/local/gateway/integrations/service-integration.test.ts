import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceIntegration } from '../../../../local/assembly/model/index';
import { gateways } from '../running-gateway';

const start = gateways();

const never = () => {
  throw new Error('A service integration runs no function.');
};

const toQueue: ServiceIntegration = {
  type: 'AWS',
  path: 'Stack/Queue',
  service: 'sqs',
  method: 'POST',
  target: { kind: 'path', name: '123456789012/jobs' },
  request: {
    templates: {
      $default: 'Action=SendMessage&MessageBody=$util.urlEncode($input.body)&Id=$context.connectionId',
    },
    selectionExpression: '\\$default',
  },
  passthrough: 'WHEN_NO_MATCH',
  roleArn: 'arn:aws:iam::123456789012:role/Caller',
  parameters: {
    'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'",
    'integration.request.header.X-Stage': 'context.stage',
    'integration.request.querystring.who': 'route.request.body.who',
  },
  responses: [],
  timeoutMillis: 29_000,
};

describe('An integration of type AWS', () => {
  let services: Server;
  let calls: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];
  let answer: { status: number; body: string } | 'none';

  beforeAll(async () => {
    services = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      calls.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      if (answer !== 'none') response.writeHead(answer.status).end(answer.body);
      else services.emit('asked');
    });
    services.listen(0, '127.0.0.1');
    await once(services, 'listening');
  });
  afterAll(() => {
    services.closeAllConnections();
    services.close();
  });
  beforeEach(() => {
    calls = [];
    answer = { status: 200, body: '<MessageId>1</MessageId>' };
  });

  const gatewayWith = (integration: ServiceIntegration, routeKey = 'job', returnsResponse = true) =>
    start({
      routes: {
        [routeKey]: { returnsResponse, run: never },
        end: { returnsResponse: true, run: () => ({ statusCode: 200, body: 'end' }) },
      },
      services: { [routeKey]: integration },
      endpoint: () => ({ host: '127.0.0.1', port: (services.address() as AddressInfo).port }),
    });
  const message = '{"action":"job","who":"ada & bob"}';

  it('calls the service by its path, with parameters and template', async () => {
    const gateway = await gatewayWith({ ...toQueue, responses: [{ key: '$default', templates: {} }] });
    const { client, connectionId } = await connected(gateway);
    client.send(message);
    expect(await client.next()).toBe('<MessageId>1</MessageId>');
    expect(calls).toMatchObject([
      {
        method: 'POST',
        url: '/123456789012/jobs?who=ada+%26+bob',
        headers: {
          host: 'sqs.us-east-1.amazonaws.com',
          'content-type': 'application/x-www-form-urlencoded',
          'x-stage': 'chat',
          authorization: expect.stringMatching(/Credential=local\/\d{8}\/us-east-1\/sqs\/aws4_request/),
        },
        body: `Action=SendMessage&MessageBody=${encodeURIComponent(message).replaceAll('%20', '+')}&Id=${connectionId}`,
      },
    ]);
  });

  it('calls an action of a JSON service by its target', async () => {
    const gateway = await gatewayWith({
      ...toQueue,
      service: 'dynamodb',
      target: { kind: 'action', name: 'PutItem' },
      request: { templates: { $default: '{"TableName":"Jobs","Item":{"pk":{"S":$input.json("$.who")}}}' } },
      parameters: {},
      responses: [{ key: '$default', templates: { $default: 'kept' } }],
    });
    const client = await gateway.connect();
    client.send(message);
    expect(await client.next()).toBe('kept');
    expect(calls).toMatchObject([
      {
        url: '/',
        headers: {
          'x-amz-target': 'DynamoDB_20120810.PutItem',
          'content-type': 'application/x-amz-json-1.0',
        },
        body: '{"TableName":"Jobs","Item":{"pk":{"S":"ada & bob"}}}',
      },
    ]);
  });

  it('calls an action of a form service by its name', async () => {
    const gateway = await gatewayWith({
      ...toQueue,
      service: 'sns',
      target: { kind: 'action', name: 'Publish' },
      request: { templates: { $default: 'Message=hi' } },
      parameters: {},
      responses: [{ key: '$default', templates: {} }],
    });
    const client = await gateway.connect();
    client.send(message);
    await client.next();
    expect(calls).toMatchObject([{ url: '/', body: 'Action=Publish&Message=hi' }]);
  });

  it('transforms the service’s response by the integration response that its status selects', async () => {
    answer = { status: 400, body: '{"message":"no such queue"}' };
    const gateway = await gatewayWith({
      ...toQueue,
      responses: [
        { key: '/4\\d\\d/', templates: { $default: 'failed: $input.path("$.message")' } },
        { key: '$default', templates: { $default: 'sent' } },
      ],
    });
    const client = await gateway.connect();
    client.send(message);
    expect(await client.next()).toBe('failed: no such queue');
    expect(gateway.logged).toEqual([expect.stringContaining('sqs answered job with 400')]);
  });

  it('responds with nothing without an integration response', async () => {
    const gateway = await gatewayWith(toQueue);
    const client = await gateway.connect();
    client.send(message);
    client.send('{"action":"end"}');
    expect(await client.next()).toBe('end');
  });

  it('reports a timeout to the client', async () => {
    answer = 'none';
    const gateway = await gatewayWith({ ...toQueue, timeoutMillis: 1_000 });
    const client = await gateway.connect();
    const asked = once(services, 'asked');
    client.send(message);
    await asked;
    gateway.clock.advance(1_000);
    expect(JSON.parse(await client.next())).toMatchObject({ message: 'Endpoint request timed out' });
  });

  it('fails with the error frame if the service cannot be reached', async () => {
    const gateway = await start({
      routes: { job: { returnsResponse: true, run: never } },
      services: { job: toQueue },
      endpoint: () => ({ host: '127.0.0.1', port: 9 }),
    });
    const client = await gateway.connect();
    client.send(message);
    expect(JSON.parse(await client.next())).toMatchObject({ message: 'Internal server error' });
  });

  it('opens a connection on $connect if the service accepts, and refuses it with the status otherwise', async () => {
    const gateway = await gatewayWith(toQueue, '$connect');
    await gateway.connect();
    answer = { status: 403, body: '' };
    await expect(gateway.connect()).rejects.toThrow('403');
  });
});

/** A client with its id, which no CONNECT event contains here. */
async function connected(gateway: Awaited<ReturnType<typeof start>>) {
  const client = await gateway.connect();
  client.send('{"action":"end"}');
  const { requestContext } = await gateway.functions.next('MESSAGE');
  await client.next();
  return { client, connectionId: requestContext.connectionId };
}
