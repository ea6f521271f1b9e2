import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aws, CfnOutput, Fn, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import {
  CfnIntegrationResponse,
  type CfnRoute,
  HttpMethod,
  type IWebSocketRouteAuthorizer,
  WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketIamAuthorizer, WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import {
  WebSocketAwsIntegration,
  WebSocketLambdaIntegration,
  WebSocketMockIntegration,
} from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { lossText } from '../../../local/assembly/losses';
import type { App as ReadApp } from '../../../local/assembly/model';
import { readAssembly } from '../../../local/assembly/read-assembly';
import { describe as describeApp } from '../../../local/cli/describe';

const code = mkdtempSync(join(tmpdir(), 'code-'));
writeFileSync(join(code, 'index.mjs'), 'export const handler = async () => ({ statusCode: 200 });');
writeFileSync(join(code, 'index.mjs.map'), 'x'.repeat(100_000));

function newApp(): App {
  return new App({
    outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')),
    context: { 'aws:cdk:bundling-stacks': [], 'aws:cdk:enable-path-metadata': true },
  });
}

function newFunction(scope: Construct, id: string, environment: Record<string, string> = {}): LambdaFunction {
  return new LambdaFunction(scope, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    environment,
  });
}

function chatStack(
  scope: Construct,
  id = 'Main',
): { stack: Stack; api: WebSocketApi; handler: LambdaFunction } {
  const stack = new Stack(scope, id);
  const table = new TableV2(stack, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    timeToLiveAttribute: 'expires',
  });
  const handler = newFunction(stack, 'Handler', { TABLE: table.tableName });
  table.grantReadWriteData(handler);
  const api = new WebSocketApi(stack, 'Api', {
    connectRouteOptions: { integration: new WebSocketLambdaIntegration('Connect', handler) },
    defaultRouteOptions: {
      integration: new WebSocketLambdaIntegration('Messages', handler),
      returnResponse: true,
    },
  });
  api.grantManageConnections(handler);
  const stage = new WebSocketStage(stack, 'Stage', {
    webSocketApi: api,
    stageName: 'chat',
    autoDeploy: true,
  });
  new CfnOutput(stack, 'Url', { value: stage.url });
  return { stack, api, handler };
}

function read(app: App): ReadApp {
  return readAssembly(app.synth().directory);
}

describe('A CDK app', () => {
  it('is read as its constructs define it', () => {
    const app = newApp();
    chatStack(app);
    const { apis, functions, tables, outputs, notRun } = read(app);
    const functionName = functions[0]?.functionName;
    expect(
      apis[0]?.routes.map(({ routeKey, integration, returnsResponse }) => [
        routeKey,
        'functionName' in integration && integration.functionName,
        returnsResponse,
      ]),
    ).toEqual([
      ['$connect', functionName, false],
      ['$default', functionName, true],
    ]);
    expect(functions[0]?.environment).toEqual({ TABLE: tables[0]?.tableName });
    expect(tables[0]).toMatchObject({
      path: 'Main/Table/Resource',
      ttlAttribute: 'expires',
      createTable: { BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
    });
    expect(outputs).toEqual([
      {
        stack: 'Main',
        name: 'Url',
        value: `wss://${apis[0]?.apiId}.execute-api.us-east-1.amazonaws.com/chat`,
      },
    ]);
    expect(notRun).toEqual([]);
  });

  it('has stages and nested stacks', () => {
    const app = newApp();
    const { stack } = chatStack(
      new Stage(app, 'Dev', { env: { region: 'eu-west-1', account: '123456789012' } }),
    );
    const nested = new NestedStack(stack, 'Nested');
    newFunction(nested, 'Inner', { STACK: stack.stackName, REGION: Aws.REGION });
    const { region, accountId, functions } = read(app);
    expect({ region, accountId }).toEqual({ region: 'eu-west-1', accountId: '123456789012' });
    expect(functions.map(({ path }) => path)).toEqual([
      'Dev/Main/Handler/Resource',
      'Dev/Main/Nested/Inner/Resource',
    ]);
    expect(functions[1]?.environment).toEqual({ STACK: 'Dev-Main', REGION: 'eu-west-1' });
  });

  it('resolves references between stacks', () => {
    const app = newApp();
    const rooms = new Table(new Stack(app, 'Data'), 'Rooms', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
    });
    const { handler } = chatStack(app);
    handler.addEnvironment('ROOMS', rooms.tableName);
    const { functions, tables } = read(app);
    const name = tables.find(({ path }) => path.startsWith('Data/'))?.tableName;
    expect(functions[0]?.environment.ROOMS).toBe(name);
  });

  /** An API whose handshakes are authorized. */
  function guarded(authorizer: (handler: LambdaFunction) => IWebSocketRouteAuthorizer): App {
    const app = newApp();
    const stack = new Stack(app, 'Main');
    const handler = newFunction(stack, 'Handler');
    const api = new WebSocketApi(stack, 'Api', {
      connectRouteOptions: {
        integration: new WebSocketLambdaIntegration('Connect', handler),
        authorizer: authorizer(handler),
      },
    });
    new WebSocketStage(stack, 'Stage', { webSocketApi: api, stageName: 'chat', autoDeploy: true });
    return app;
  }

  it('authorizes its handshakes by a function', () => {
    const identitySource = ['route.request.querystring.token'];
    const app = read(
      guarded((handler) => new WebSocketLambdaAuthorizer('Authorizer', handler, { identitySource })),
    );
    expect(app.apis[0]?.routes[0]?.authorizer).toEqual({
      type: 'REQUEST',
      path: expect.stringContaining('Main/Api/Authorizer'),
      functionName: app.functions[0]?.functionName,
      identitySources: identitySource,
    });
    expect(app.notRun).toEqual([]);
  });

  it('looks for the token in the Authorization header by default, like the CDK', () => {
    const app = read(guarded((handler) => new WebSocketLambdaAuthorizer('Authorizer', handler)));
    expect(app.apis[0]?.routes[0]?.authorizer).toMatchObject({
      identitySources: ['route.request.header.Authorization'],
    });
  });

  it('requires a signature where AWS requires one', () => {
    const { apis, notRun } = read(guarded(() => new WebSocketIamAuthorizer()));
    const connect = apis[0]?.routes.find(({ routeKey }) => routeKey === '$connect');
    expect(connect?.authorizer).toEqual({ type: 'AWS_IAM', path: 'Main/Api/$connect-Route/Resource' });
    expect(notRun).toEqual([]);
  });

  it('responds to a route from the templates of a mock integration', () => {
    const app = newApp();
    const { api, stack } = chatStack(app);
    const integration = new WebSocketMockIntegration('Ping', {
      requestTemplates: { $default: '{"statusCode":200}' },
      templateSelectionExpression: '\\$default',
    });
    const route = api.addRoute('ping', { integration, returnResponse: true });
    new CfnIntegrationResponse(stack, 'Pong', {
      apiId: api.apiId,
      integrationId: Fn.select(1, Fn.split('/', (route.node.defaultChild as CfnRoute).target ?? '')),
      integrationResponseKey: '/200/',
      responseTemplates: { $default: '{"pong":true}' },
    });
    const { apis, notRun } = read(app);
    expect(apis[0]?.routes.find(({ routeKey }) => routeKey === 'ping')?.integration).toEqual({
      type: 'MOCK',
      path: 'Main/Api/ping-Route/Ping/Resource',
      request: { templates: { $default: '{"statusCode":200}' }, selectionExpression: '\\$default' },
      passthrough: 'WHEN_NO_MATCH',
      responses: [{ key: '/200/', templates: { $default: '{"pong":true}' } }],
    });
    expect(notRun).toEqual([]);
  });

  const awsIntegration = (stack: Stack, uri: string) =>
    new WebSocketAwsIntegration('Service', {
      integrationUri: `arn:aws:apigateway:us-east-1:${uri}`,
      integrationMethod: HttpMethod.POST,
      credentialsRole: new Role(stack, 'Caller', {
        assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      }),
      requestParameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
      requestTemplates: { $default: 'Action=SendMessage&MessageBody=$input.body' },
      templateSelectionExpression: '\\$default',
    });

  it('calls a service from a route', () => {
    const app = newApp();
    const { api, stack } = chatStack(app);
    api.addRoute('job', { integration: awsIntegration(stack, 'sqs:path/123456789012/jobs') });
    const { apis, notRun, roles } = read(app);
    expect(roles.map(({ path }) => path)).toContain('Main/Caller/Resource');
    expect(apis[0]?.routes.find(({ routeKey }) => routeKey === 'job')?.integration).toEqual({
      type: 'AWS',
      path: 'Main/Api/job-Route/Service/Resource',
      service: 'sqs',
      method: 'POST',
      target: { kind: 'path', name: '123456789012/jobs' },
      roleArn: roles.find(({ path }) => path === 'Main/Caller/Resource')?.roleArn,
      request: {
        templates: { $default: 'Action=SendMessage&MessageBody=$input.body' },
        selectionExpression: '\\$default',
      },
      passthrough: 'WHEN_NO_MATCH',
      parameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
      responses: [],
      timeoutMillis: 29_000,
    });
    expect(notRun).toEqual([]);
  });

  it('loses only a route to an unsupported service', () => {
    const app = newApp();
    const { api, stack } = chatStack(app);
    api.addRoute('job', { integration: awsIntegration(stack, 'states:action/StartExecution') });
    expect(read(app).notRun.map(lossText)).toEqual([
      'Internal server error for job at Main/Api. Main/Api/job-Route/Service: calls states, which the runtime does not support for integrations of type AWS; it supports dynamodb, events, s3, sns, sqs.',
    ]);
  });

  it('is refused with a function that CloudFormation could not create', () => {
    const app = newApp();
    const { handler } = chatStack(app);
    handler.grantInvoke(handler);
    expect(() => read(app)).toThrow(/circular dependency/);
  });

  it('is described in tables', () => {
    const app = newApp();
    chatStack(app);
    const text = describeApp(app.synth().directory);
    expect(text).toMatch(/Main\/Api +│ chat +│ \$connect +│ Main\/Handler/);
    expect(text).toMatch(/Main\/Handler +│ index\.handler │ 128 MB │ 3 s +│ 0\.1 KB/);
    expect(text).toMatch(/dynamodb: GetRecords GetShardIterator +│ Main\/Table +│ +│/);
    expect(text).toMatch(
      /execute-api: ManageConnections +│ execute-api:Main\/Api\/\*\/\*\/@connections\/\* +│ yes/,
    );
    expect(text).toContain('(AWSLambdaBasicExecutionRole)');
  });

  it('can also be described without any API', () => {
    const app = newApp();
    new Stack(app, 'Empty');
    expect(describeApp(app.synth().directory)).toBe('This app has no API, no function and no grant.\n');
  });
});
