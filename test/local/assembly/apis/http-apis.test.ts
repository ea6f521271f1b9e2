import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import {
  AuthorizationType,
  Cors,
  LambdaIntegration,
  LambdaRestApi,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  PayloadFormatVersion,
  WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import {
  HttpLambdaIntegration,
  HttpUrlIntegration,
  WebSocketLambdaIntegration,
} from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  CfnPermission,
  CfnUrl,
  Code,
  FunctionUrlAuthType,
  InvokeMode,
  Function as LambdaFunction,
  Runtime,
  HttpMethod as UrlMethod,
} from 'aws-cdk-lib/aws-lambda';
import type { App as ReadApp, HttpApi as ReadHttpApi } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';
import { ManualClock } from '../../../../local/clock';
import { Access } from '../../../../local/iam/access';

const code = mkdtempSync(join(tmpdir(), 'code-'));
writeFileSync(join(code, 'index.js'), 'exports.handler = async () => ({ statusCode: 200 });');

function synthesized(): ReadApp {
  const app = new App({
    outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')),
    context: { 'aws:cdk:bundling-stacks': [] },
  });
  const stack = new Stack(app, 'Main');
  const handler = new LambdaFunction(stack, 'Handler', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
  });
  const chat = new WebSocketApi(stack, 'Chat', {
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler) },
  });
  new WebSocketStage(stack, 'ChatStage', { webSocketApi: chat, stageName: 'chat', autoDeploy: true });

  const http = new HttpApi(stack, 'Http', {
    corsPreflight: {
      allowOrigins: ['https://page.example'],
      allowHeaders: ['X-Room'],
      maxAge: Duration.hours(1),
    },
    defaultIntegration: new HttpLambdaIntegration('Whatever', handler),
  });
  http.addRoutes({
    path: '/rooms/{id}',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('Room', handler, {
      payloadFormatVersion: PayloadFormatVersion.VERSION_1_0,
      timeout: Duration.seconds(5),
    }),
  });
  http.addRoutes({
    path: '/guarded',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('Guarded', handler),
    authorizer: new HttpIamAuthorizer(),
  });
  http.addRoutes({
    path: '/elsewhere',
    integration: new HttpUrlIntegration('Elsewhere', 'https://example.com'),
  });
  new HttpStage(stack, 'Dev', {
    ...{ httpApi: http, stageName: 'dev', autoDeploy: true },
    throttle: { rateLimit: 5, burstLimit: 3 },
  });

  const rest = new RestApi(stack, 'Rest', {
    binaryMediaTypes: ['image/png'],
    defaultCorsPreflightOptions: { allowOrigins: Cors.ALL_ORIGINS },
  });
  rest.root.addResource('rooms').addResource('{id}').addMethod('POST', new LambdaIntegration(handler));
  new LambdaRestApi(stack, 'Proxy', { handler });

  const everyone = {
    effect: Effect.ALLOW,
    actions: ['execute-api:Invoke'],
    principals: [new AnyPrincipal()],
  };
  const guarded = new RestApi(stack, 'Guarded', {
    deployOptions: {
      ...{ throttlingRateLimit: 20, throttlingBurstLimit: 10 },
      methodOptions: { '/keyed/GET': { throttlingRateLimit: 2 }, '/*/POST': { throttlingBurstLimit: 1 } },
    },
    policy: new PolicyDocument({
      statements: [new PolicyStatement({ ...everyone, resources: ['execute-api:/*/GET/open'] })],
    }),
  });
  const signed = guarded.root
    .addResource('signed')
    .addMethod('GET', new LambdaIntegration(handler), { authorizationType: AuthorizationType.IAM });
  const keyed = guarded.root
    .addResource('keyed')
    .addMethod('GET', new LambdaIntegration(handler), { apiKeyRequired: true });
  const plan = guarded.addUsagePlan('Plan', {
    apiStages: [
      {
        stage: guarded.deploymentStage,
        throttle: [{ method: keyed, throttle: { rateLimit: 5, burstLimit: 2 } }],
      },
    ],
  });
  plan.addApiKey(guarded.addApiKey('Key', { value: 'secret-key-of-twenty-characters' }));

  const url = handler.addFunctionUrl({
    authType: FunctionUrlAuthType.NONE,
    cors: { allowedOrigins: ['*'], allowedMethods: [UrlMethod.GET] },
  });
  const streaming = new LambdaFunction(stack, 'Streaming', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    environment: { URL: url.url, REST: rest.url, HTTP: http.url ?? '' },
  });
  signed.grantExecute(streaming);
  const live = handler.addAlias('live').addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
  live.grantInvokeUrl(streaming);
  const halfOpen = new LambdaFunction(stack, 'HalfOpen', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
  });
  new CfnUrl(halfOpen, 'Url', { authType: 'NONE', targetFunctionArn: halfOpen.functionArn });
  new CfnPermission(halfOpen, 'ByUrl', {
    ...{ action: 'lambda:InvokeFunctionUrl', principal: '*', functionUrlAuthType: 'NONE' },
    functionName: halfOpen.functionArn,
  });
  streaming.addFunctionUrl({ authType: FunctionUrlAuthType.NONE, invokeMode: InvokeMode.RESPONSE_STREAM });
  new CfnOutput(stack, 'Url', { value: url.url });
  return readAssembly(app.synth().directory);
}

describe('the HTTP APIs of an app', () => {
  let app: ReadApp;
  beforeAll(() => {
    app = synthesized();
  });

  const named = (path: string): ReadHttpApi => {
    const found = app.httpApis.find((api) => api.path.startsWith(path));
    if (!found) throw new Error(`${path} is not among ${app.httpApis.map((api) => api.path)}`);
    return found;
  };
  const keysOf = (api: ReadHttpApi) =>
    api.routes.map(({ method, resource, integration }) => `${method} ${resource} ${integration.type}`).sort();

  it('are read with their routes, stages and CORS rules', () => {
    const api = named('Main/Http');
    expect(keysOf(api)).toEqual([
      'ANY $default AWS_PROXY',
      'ANY /elsewhere NOT_RUN',
      'GET /guarded AWS_PROXY',
      'GET /rooms/{id} AWS_PROXY',
    ]);
    expect(api.stages.map(({ stageName }) => stageName).sort()).toEqual(['$default', 'dev']);
    expect(api.cors).toEqual({
      allowOrigins: ['https://page.example'],
      allowMethods: [],
      allowHeaders: ['x-room'],
      exposeHeaders: [],
      allowCredentials: false,
      maxAgeSeconds: 3600,
    });
    expect(api.routes.find(({ resource }) => resource === '/rooms/{id}')?.integration).toMatchObject({
      timeoutMillis: 5_000,
      payloadFormat: '1.0',
    });
  });

  it('are read from REST APIs, whose resources are a tree and whose CORS is a route', () => {
    const api = named('Main/Rest');
    expect(keysOf(api)).toEqual([
      'OPTIONS / MOCK',
      'OPTIONS /rooms MOCK',
      'OPTIONS /rooms/{id} MOCK',
      'POST /rooms/{id} AWS_PROXY',
    ]);
    expect(api.binaryMediaTypes).toEqual(['image/png']);
    expect(api.routes.find(({ resource }) => resource === '/')?.integration).toMatchObject({
      statusCode: 204,
      headers: { 'Access-Control-Allow-Origin': '*' },
    });
    expect(keysOf(named('Main/Proxy'))).toEqual(['ANY / AWS_PROXY', 'ANY /{proxy+} AWS_PROXY']);
  });

  it('are read from function URLs', () => {
    const api = named('Main/Handler/FunctionUrl');
    expect(api).toMatchObject({ kind: 'FUNCTION_URL', cors: { allowOrigins: ['*'], allowMethods: ['GET'] } });
    expect(api.apiId).toMatch(/^[a-z0-9]{32}$/);
    expect(keysOf(api)).toEqual(['ANY $default AWS_PROXY']);
  });

  it('know which of their routes use IAM', () => {
    const guarded = app.httpApis.flatMap(({ path, routes }) =>
      routes.flatMap(({ authorization, method, resource }) =>
        authorization === 'AWS_IAM'
          ? [`${path.split('/').slice(1, -1).join('/')} ${method} ${resource}`]
          : [],
      ),
    );
    expect(guarded.sort()).toEqual([
      'Guarded GET /signed',
      'Handler/Aliaslive/FunctionUrl ANY $default',
      'Http GET /guarded',
    ]);
  });

  it('have the policy of a REST API, with completed resources', () => {
    const { apiId } = named('Main/Guarded');
    const arn = `arn:aws:execute-api:${app.region}:${app.accountId}:${apiId}`;
    const found = app.resourcePolicies.filter(({ resourceArn }) => resourceArn === arn);
    expect(found.map(({ statements }) => statements[0])).toEqual([
      expect.objectContaining({
        effect: 'Allow',
        principals: expect.objectContaining({ aws: ['*'] }),
        resources: { patterns: [`${arn}/*/GET/open`], isInverted: false },
      }),
    ]);
  });

  it('have API keys and the throttling of methods if a method of a REST API requires a key', () => {
    const api = named('Main/Guarded');
    expect(api.routes.filter(({ apiKeyRequired }) => apiKeyRequired).map(({ resource }) => resource)).toEqual(
      ['/keyed'],
    );
    expect(api.apiKeys).toMatchObject({
      source: 'header',
      keys: [
        {
          value: 'secret-key-of-twenty-characters',
          plans: [{ stageNames: ['prod'], byMethod: { prod: { '/keyed/GET': { perSecond: 5, burst: 2 } } } }],
        },
      ],
    });
    expect(named('Main/Rest').apiKeys).toBeUndefined();
    expect(app.unknownValues).toEqual([]);
  });

  it('are read with the throttling of their stages and methods', () => {
    expect(named('Main/Guarded').stages[0]?.throttling).toEqual({
      stage: { perSecond: 20, burst: 10 },
      byRoute: { '/keyed/GET': { perSecond: 2 }, '*/POST': { burst: 1 } },
    });
    const stages = named('Main/Http').stages.map(({ stageName, throttling }) => [stageName, throttling]);
    expect(Object.fromEntries(stages)).toEqual({
      $default: undefined,
      dev: { stage: { perSecond: 5, burst: 3 }, byRoute: {} },
    });
  });

  it('refuse a public URL that lacks one of the two permissions', () => {
    expect(named('Main/HalfOpen').routes).toEqual([
      expect.objectContaining({ integration: expect.objectContaining({ isNotPermitted: true }) }),
    ]);
  });

  it.each<[string, string, Record<string, string>, boolean]>([
    ['Handler', 'lambda:InvokeFunction', {}, false],
    ['Handler', 'lambda:InvokeFunction', { 'lambda:invokedviafunctionurl': 'true' }, true],
    ['Handler:live', 'lambda:InvokeFunctionUrl', { 'lambda:functionurlauthtype': 'AWS_IAM' }, true],
    ['Handler:live', 'lambda:InvokeFunction', { 'lambda:invokedviafunctionurl': 'true' }, true],
    ['Handler:live', 'lambda:InvokeFunction', {}, false],
  ])('let a function with the grant of a URL call %s by %s with %j: %s', (name, action, facts, isAllowed) => {
    const log = { info() {}, error() {}, warn() {} };
    const access = new Access({ app, log, nameOf: (text) => text, clock: new ManualClock() });
    const of = (path: string) => {
      const found = app.functions.find((one) => one.path.startsWith(`Main/${path}/`));
      if (!found) throw new Error(path);
      return found;
    };
    const [path = '', alias] = name.split(':');
    const caller = of('Streaming');
    const credentials = access.credentialsOf(caller);
    const { functionName, roleArn = '' } = caller;
    const resource = `${of(path).functionArn}${alias ? `:${alias}` : ''}`;
    const denial = access.judge(
      { kind: 'function', credentials, functionName, roleArn },
      { action, resource, context: (key) => (facts[key] === undefined ? undefined : [facts[key]]) },
    );
    expect(denial === undefined).toBe(isAllowed);
  });

  it('have their URLs in environment variables', () => {
    const { environment } = app.functions.find(({ path }) =>
      path.includes('Streaming'),
    ) as ReadApp['functions'][0];
    const region = app.region;
    expect(environment).toEqual({
      URL: `https://${named('Main/Handler/FunctionUrl').apiId}.lambda-url.${region}.on.aws/`,
      REST: `https://${named('Main/Rest').apiId}.execute-api.${region}.amazonaws.com/prod/`,
      HTTP: `https://${named('Main/Http').apiId}.execute-api.${region}.amazonaws.com/`,
    });
  });

  it('lose only the parts that are not supported', () => {
    const told = app.notRun.flatMap(({ cost, reason }) => (cost === undefined ? [] : [`${cost}: ${reason}`]));
    expect(told).toEqual([
      expect.stringMatching(/^an error for ANY \/elsewhere of Main\/Http: is of type HTTP_PROXY/),
      expect.stringMatching(
        /^an error for every request to Main\/Streaming\/FunctionUrl: .*streams its responses/,
      ),
      expect.stringMatching(
        /^an error for every request to Main\/HalfOpen\/Url: not everybody has permission for lambda:InvokeFunction on /,
      ),
    ]);
  });
});
