import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnApiMapping, CfnDomainName, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime as LambdaRuntime } from 'aws-cdk-lib/aws-lambda';
import WebSocket from 'ws';
import type {
  DynamoTable,
  LambdaFunction as LocalFunction,
  App as ReadApp,
} from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { banner } from '../../local/cli/banner';
import { tableExports } from '../../local/cli/exports';
import { Faults } from '../../local/faults/faults';
import { type InvocationEnd, silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { UserError } from '../../local/user-error';
import { tableClient } from '../table-client';
import { SIGNING } from './signing-handler';

/** Posts back as AWS's documentation does: to the host in the event, signed with the function's own credentials. */
const HANDLER = `${SIGNING}
import https from 'node:https';
function send(host, path, service, body, headers) {
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host, path, method: 'POST', headers: { ...signed({ host, path, service, body }), ...headers } },
      (response) => response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(host + ' answered ' + response.statusCode));
      }),
    );
    request.on('error', reject).end(body);
  });
}
export async function handler(event) {
  const { eventType, connectionId, domainName, stage } = event.requestContext ?? {};
  if (eventType === 'MESSAGE') {
    await send(domainName, '/' + stage + '/@connections/' + encodeURIComponent(connectionId), 'execute-api', 'echo: ' + event.body);
  }
  if (eventType === 'DISCONNECT') {
    await send('dynamodb.us-east-1.amazonaws.com', '/', 'dynamodb', JSON.stringify({
      TableName: process.env.TABLE, Item: { pk: { S: 'left' }, code: { N: String(event.requestContext.disconnectStatusCode) } },
    }), { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' });
  }
  return { statusCode: 200, body: JSON.stringify(event) };
}
`;

const outdir = mkdtempSync(join(tmpdir(), 'cdk-out-'));

function synthesizeEcho(): ReadApp {
  const code = mkdtempSync(join(tmpdir(), 'echo-'));
  writeFileSync(join(code, 'index.mjs'), HANDLER);
  const app = new App({ outdir });
  const stack = new Stack(app, 'Echo');
  const table = new Table(stack, 'Table', { partitionKey: { name: 'pk', type: AttributeType.STRING } });
  const handler = new LambdaFunction(stack, 'Handler', {
    functionName: 'echo',
    runtime: LambdaRuntime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    environment: { TABLE: table.tableName },
  });
  table.grantReadWriteData(handler);
  for (const [id, stageName] of [
    ['One', 'shared'],
    ['Two', 'shared'],
    ['Three', 'echo'],
  ] as const) {
    const integration = () => ({ integration: new WebSocketLambdaIntegration('Integration', handler) });
    const webSocketApi = new WebSocketApi(stack, id, {
      defaultRouteOptions: integration(),
      disconnectRouteOptions: integration(),
    });
    webSocketApi.grantManageConnections(handler);
    const stage = new WebSocketStage(stack, `${id}Stage`, { webSocketApi, stageName, autoDeploy: true });
    if (id !== 'Three') continue;
    new CfnOutput(stack, 'Url', { value: stage.url });
    const domain = new CfnDomainName(stack, 'Domain', { domainName: 'ws.example.com' });
    new CfnApiMapping(stack, 'Mapping', {
      ...{ apiId: webSocketApi.apiId, stage: stage.stageName, domainName: domain.ref, apiMappingKey: 'echo' },
    });
  }
  return readAssembly(app.synth().directory);
}

describe('A runtime', () => {
  const echo = synthesizeEcho();
  const tableName = echo.tables[0]?.tableName ?? '';
  let runtime: Runtime;
  let client: DynamoDBClient;

  beforeAll(async () => {
    runtime = await startRuntime({ app: echo, port: 0, log: silentLog, functionLog: silentFunctionLog });
    client = new DynamoDBClient({ endpoint: runtime.url, region: 'us-east-1' });
  });

  afterAll(async () => {
    client.destroy();
    await runtime.close();
    rmSync(outdir, { recursive: true });
  });

  async function exchange(url: string, message: string): Promise<string> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.send(message);
    const [data] = await once(socket, 'message');
    socket.close();
    await once(socket, 'close');
    return String(data);
  }

  it('sends a message to its function, and the function’s post back to the client', async () => {
    expect(await exchange(runtime.webSocketUrl('echo'), 'hello')).toBe('echo: hello');
  });

  it('has an address for every API by its id', async () => {
    const apiId = echo.apis[0]?.apiId ?? '';
    expect(runtime.webSocketUrl('shared', apiId)).toBe(`ws://localhost:${runtime.port}/${apiId}/shared`);
    expect(await exchange(runtime.webSocketUrl('shared', apiId), 'one')).toBe('echo: one');
  });

  it('reports a stage name that belongs to several APIs', () => {
    expect(() => runtime.webSocketUrl('shared')).toThrow(UserError);
    expect(() => runtime.webSocketUrl('shared')).toThrow(/Several APIs have a stage named shared/);
  });

  it.each([
    ['in the path', '/ws.example.com/echo', 'localhost'],
    ['as the host', '/echo', 'ws.example.com'],
  ])('serves a custom domain %s, and accepts posts to it', async (_, path, host) => {
    const socket = new WebSocket(`ws://127.0.0.1:${runtime.port}${path}`, { headers: { host } });
    await once(socket, 'open');
    const answered = once(socket, 'message');
    socket.send('hi');
    expect(String((await answered)[0])).toBe('echo: hi');
    socket.terminate();
  });

  it("serves the app's tables to the SDK", async () => {
    await client.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: 'a' } } }));
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: { pk: { S: 'a' } } }));
    expect(Item).toEqual({ pk: { S: 'a' } });
  });

  it('invokes functions for the SDK', async () => {
    const lambda = new LambdaClient({ endpoint: runtime.url, region: 'us-east-1' });
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'echo', Payload: '{"a":1}' }));
    lambda.destroy();
    expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({ statusCode: 200, body: '{"a":1}' });
  });

  it('lists the functions of the app', async () => {
    const lambda = new LambdaClient({ endpoint: runtime.url, region: 'us-east-1' });
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    expect(Functions.map(({ FunctionName }) => FunctionName).sort()).toEqual(
      echo.functions.map(({ functionName }) => functionName).sort(),
    );
    lambda.destroy();
  });

  it('reports unsupported operations of Lambda', async () => {
    const lambda = new LambdaClient({ endpoint: runtime.url, region: 'us-east-1' });
    await expect(lambda.send(new GetFunctionCommand({ FunctionName: 'Echo' }))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      $metadata: { httpStatusCode: 501 },
    });
    lambda.destroy();
  });

  it('prints where to connect, what to export and what is missing', () => {
    const text = banner(
      {
        ...echo,
        notRun: [
          { type: 'AWS::SQS::Queue', path: 'A' },
          { type: 'AWS::SQS::Queue', path: 'B' },
          { type: 'throttling', path: 'C', reason: 'not yet' },
        ],
      },
      runtime,
      { hasPages: true, isVerbose: true },
    );
    expect(text).toMatch(new RegExp(`Echo/Three +ws://localhost:${runtime.port}/echo\n`));
    expect(text).toContain(
      [
        `  export AWS_ENDPOINT_URL=${runtime.url} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
        `  export TABLE=${tableName}`,
      ].join('\n'),
    );
    expect(text).toContain(`Echo.Url = ws://localhost:${runtime.port}/echo`);
    expect(text).toContain(`Pages                      ${runtime.url}/`);
    expect(text).toContain('Not run or not enforced here:\n  C: throttling: not yet\n  2 AWS::SQS::Queue');
  });

  it('exports no variable that means different tables in two functions', () => {
    const [handler] = echo.functions;
    const other = { ...echo.tables[0], tableName: 'other' } as DynamoTable;
    const app = (value: string): ReadApp => ({
      ...echo,
      tables: [...echo.tables, other],
      functions: [handler, { ...handler, environment: { TABLE: value, STAGE: 'test' } }] as LocalFunction[],
    });
    expect(tableExports(app(tableName))).toEqual({ TABLE: tableName });
    expect(tableExports(app('other'))).toEqual({});
    const outputs = [
      { name: 'ChatTable', value: tableName },
      { name: 'Url', value: 'wss://…' },
    ] as ReadApp['outputs'];
    expect(tableExports({ ...app('other'), outputs })).toEqual({ CHAT_TABLE: tableName });
  });

  it('closes sockets with 1001 and runs $disconnect before it ends', async () => {
    const second = await startRuntime({
      app: echo,
      port: 0,
      dynamodbUrl: runtime.url,
      log: silentLog,
      functionLog: silentFunctionLog,
    });
    const socket = new WebSocket(second.webSocketUrl('echo'));
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await second.close();
    expect((await closed)[0]).toBe(1001);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { pk: { S: 'left' } } }),
    );
    expect(Item?.code).toEqual({ N: '1001' });
    await expect(fetch(second.url)).rejects.toThrow();
  });

  it('with that fault, loses responses of the tables, but not their effect', async () => {
    const faults = new Faults({ 'answer-lost': 1 });
    const ended: InvocationEnd[] = [];
    let functionEnded = () => {};
    const faulty = await startRuntime({
      app: echo,
      port: 0,
      log: silentLog,
      functionLog: {
        ...silentFunctionLog,
        end(invocation) {
          ended.push(invocation);
          functionEnded();
        },
      },
      faults,
    });
    const [asked, direct] = [faulty.url, faulty.dynamodb.address].map((address) =>
      tableClient(address, { maxAttempts: 1 }),
    ) as [DynamoDBClient, DynamoDBClient];
    const find = async (key: string) => {
      faults.switchOff('answer-lost');
      const { Item } = await direct.send(
        new GetItemCommand({ TableName: tableName, Key: { pk: { S: key } } }),
      );
      faults.switchOn('answer-lost', 1);
      return Item;
    };
    for (const [way, tables] of Object.entries({ asked, direct })) {
      const put = tables.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: way } } }));
      await expect(put).rejects.toThrow(/ECONNRESET|hang up/);
      expect(await find(way)).toBeDefined();
    }

    const socket = new WebSocket(faulty.webSocketUrl('echo'));
    await once(socket, 'open');
    const over = new Promise<void>((resolve) => {
      functionEnded = resolve;
    });
    socket.close();
    await over;
    expect(ended[0]?.outcome).toMatchObject({
      kind: 'failure',
      errorMessage: expect.stringMatching(/ECONNRESET|hang up/),
    });
    expect(faults.summary()).toBe('Faults: answer-lost 1 of 1');
    expect(await find('left')).toBeDefined();
    for (const each of [asked, direct]) each.destroy();
    await faulty.close();
  });

  it('applies another reading of its app with open connections: tables, functions, APIs', async () => {
    const changing = await startRuntime({
      ...{ app: echo, port: 0, log: silentLog, functionLog: silentFunctionLog },
    });
    const socket = new WebSocket(changing.webSocketUrl('echo'));
    await once(socket, 'open');
    const [handler] = echo.functions as [LocalFunction];
    const later = { ...handler, functionName: 'later', environment: { TABLE: 'later' } };
    const [table] = echo.tables as [DynamoTable];
    await changing.update({
      ...echo,
      functions: [later],
      tables: [
        table,
        { ...table, tableName: 'later', createTable: { ...table.createTable, TableName: 'later' } },
      ],
      apis: echo.apis.slice(2).map((api) => ({
        ...api,
        routes: api.routes.map((route) => ({
          ...route,
          integration: { ...route.integration, functionName: 'later' },
        })),
      })),
    });
    expect(changing.apis).toHaveLength(1);
    const answered = once(socket, 'message');
    socket.send('still here');
    expect(String((await answered)[0])).toBe('echo: still here');
    socket.close();
    await changing.close();
    expect(changing.functions.find('echo')).toBeUndefined();
  });

  it('names a port that is in use', async () => {
    const started = startRuntime({ app: { ...echo, tables: [] }, port: runtime.port, log: silentLog });
    await expect(started).rejects.toThrow(`Port ${runtime.port} of 127.0.0.1 is in use`);
  });
});
