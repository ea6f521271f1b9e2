import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import {
  type CfnAuthorizer as CfnRestAuthorizer,
  CognitoUserPoolsAuthorizer,
  IdentitySource,
  LambdaIntegration,
  RequestAuthorizer,
  ResponseType,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import {
  CfnAuthorizer,
  HttpApi,
  type IHttpRouteAuthorizer,
  WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpJwtAuthorizer,
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
  HttpUserPoolAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { HttpRoute, App as ReadApp } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';

function synthesized(): ReadApp {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')) });
  const stack = new Stack(app, 'Main', { env: { account: '111122223333', region: 'eu-west-1' } });
  const functionNamed = (name: string) =>
    new LambdaFunction(stack, name, {
      ...{ runtime: Runtime.NODEJS_22_X, handler: 'index.handler', functionName: name },
      code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
    });
  const handler = functionNamed('handler');
  const guard = functionNamed('guard');
  const stranger = functionNamed('stranger');
  const userPool = new UserPool(stack, 'Users');
  const client = userPool.addClient('Page');
  const imported = UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_Known1');

  const chat = new WebSocketApi(stack, 'Chat', {
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler) },
  });
  new WebSocketStage(stack, 'ChatStage', { webSocketApi: chat, stageName: 'chat', autoDeploy: true });

  const http = new HttpApi(stack, 'Http');
  const integration = new HttpLambdaIntegration('Handler', handler);
  const route = (path: string, authorizer: IHttpRouteAuthorizer, authorizationScopes?: string[]) =>
    http.addRoutes({ path, integration, authorizer, ...(authorizationScopes && { authorizationScopes }) });
  route('/jwt', new HttpJwtAuthorizer('Jwt', 'https://login.example/', { jwtAudience: ['a', 'b'] }), [
    'read',
  ]);
  route(
    '/pool',
    new HttpUserPoolAuthorizer('Pool', imported, {
      ...{ userPoolClients: [client], identitySource: ['$request.querystring.token'] },
    }),
  );
  route(
    '/simple',
    new HttpLambdaAuthorizer('Simple', guard, {
      ...{ responseTypes: [HttpLambdaResponseType.SIMPLE], resultsCacheTtl: Duration.seconds(0) },
      identitySource: [],
    }),
  );
  route('/policy', new HttpLambdaAuthorizer('Policy', guard));
  const unpermitted = new CfnAuthorizer(stack, 'Unpermitted', {
    ...{
      apiId: http.apiId,
      authorizerType: 'REQUEST',
      name: 'Unpermitted',
      authorizerPayloadFormatVersion: '2.0',
    },
    authorizerUri: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${stranger.functionArn}/invocations`,
  });
  route('/unpermitted', {
    bind: () => ({ authorizerId: unpermitted.ref, authorizationType: 'CUSTOM' }),
  });

  const rest = new RestApi(stack, 'Rest');
  const method = (path: string, options: object) =>
    rest.root.addResource(path).addMethod('GET', new LambdaIntegration(handler), options);
  method('token', {
    authorizer: new TokenAuthorizer(stack, 'Token', { handler: guard, validationRegex: '^Bearer .+$' }),
  });
  method('request', {
    authorizer: new RequestAuthorizer(stack, 'Request', {
      ...{ handler: guard, resultsCacheTtl: Duration.minutes(1) },
      identitySources: [IdentitySource.header('X-Key'), IdentitySource.queryString('room')],
    }),
  });
  method('users', {
    authorizer: new CognitoUserPoolsAuthorizer(stack, 'Cognito', { cognitoUserPools: [userPool, imported] }),
    authorizationScopes: ['chat/read'],
  });
  const odd = new TokenAuthorizer(stack, 'Odd', { handler: guard, validationRegex: '(?i)bearer .+' });
  method('odd', { authorizer: odd });
  const unread = new TokenAuthorizer(stack, 'Unread', { handler: guard });
  (unread.node.defaultChild as CfnRestAuthorizer).identitySource = 'method.request.body.token';
  method('unread', { authorizer: unread });
  rest.addGatewayResponse('Errors', {
    ...{ type: ResponseType.DEFAULT_4XX, statusCode: '400' },
    responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
    templates: { 'application/json': '{"error":$context.error.messageString}' },
  });
  return readAssembly(app.synth().directory);
}

describe('The authorizers of HTTP APIs and REST APIs', () => {
  let app: ReadApp;
  beforeAll(() => {
    app = synthesized();
  });
  const route = (resource: string): HttpRoute => {
    const found = app.httpApis.flatMap(({ routes }) => routes).find((one) => one.resource === resource);
    if (!found) throw new Error(`There is no ${resource}.`);
    return found;
  };

  it.each<[string, object]>([
    [
      '/jwt',
      {
        ...{ type: 'JWT', issuer: 'https://login.example/', audiences: ['a', 'b'] },
        identitySource: '$request.header.Authorization',
      },
    ],
    [
      '/pool',
      {
        ...{ type: 'JWT', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Known1' },
        ...{
          audiences: [expect.stringMatching(/^[a-z0-9]{26}$/)],
          identitySource: '$request.querystring.token',
        },
      },
    ],
    [
      '/simple',
      {
        ...{ type: 'REQUEST', functionName: 'guard', payloadFormat: '2.0', isSimple: true },
        ...{ identitySources: [], cacheSeconds: 0 },
      },
    ],
    [
      '/policy',
      {
        ...{ type: 'REQUEST', functionName: 'guard', payloadFormat: '1.0', cacheSeconds: 300 },
        identitySources: ['$request.header.Authorization'],
      },
    ],
    [
      '/token',
      {
        ...{ type: 'TOKEN', functionName: 'guard', cacheSeconds: 300, validation: '^Bearer .+$' },
        identitySources: ['method.request.header.Authorization'],
      },
    ],
    [
      '/request',
      {
        ...{ type: 'REQUEST', functionName: 'guard', cacheSeconds: 60 },
        identitySources: ['method.request.header.X-Key', 'method.request.querystring.room'],
      },
    ],
    [
      '/users',
      {
        ...{ type: 'COGNITO_USER_POOLS', identitySource: 'method.request.header.Authorization' },
        issuers: [
          expect.stringMatching(/^https:\/\/cognito-idp\.eu-west-1\.amazonaws\.com\/eu-west-1_[A-Za-z0-9]+$/),
          'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Known1',
        ],
      },
    ],
  ])('are read as the CDK writes them: %s', (resource, authorizer) => {
    expect(route(resource).authorizer).toEqual({ path: expect.stringMatching(/^Main\//), ...authorizer });
    expect(route(resource).integration.type).toBe('AWS_PROXY');
  });

  it('are read with the scopes of their routes', () => {
    expect(['/jwt', '/users', '/pool'].map((path) => route(path).authorizationScopes)).toEqual([
      ...[['read'], ['chat/read'], undefined],
    ]);
  });

  it('need a permission to invoke their function', () => {
    expect(route('/unpermitted').authorizer).toMatchObject({ type: 'NOT_RUN', isNotPermitted: true });
  });

  it('are read with the gateway responses of their API', () => {
    const { gatewayResponses } = app.httpApis.find(({ kind }) => kind === 'REST') ?? {};
    expect(gatewayResponses).toEqual({
      DEFAULT_4XX: {
        ...{ statusCode: 400, headers: { 'Access-Control-Allow-Origin': "'*'" } },
        templates: { 'application/json': '{"error":$context.error.messageString}' },
      },
    });
  });

  it('are not among the resources that do not exist here', () => {
    expect(app.notRun.filter(({ type }) => /::(Authorizer|GatewayResponse)$/.test(type))).toEqual([]);
  });

  it('cost only the routes that use them, if they are not run', () => {
    const told = app.notRun.flatMap(({ cost, reason }) => (cost === undefined ? [] : [`${cost}: ${reason}`]));
    expect(told.sort()).toEqual([
      expect.stringMatching(
        /^an error for ANY \/unpermitted of Main\/Http: API Gateway has no permission to invoke the authorizer's function stranger; .* as HttpLambdaAuthorizer does$/,
      ),
      expect.stringMatching(
        /^an error for GET \/odd of Main\/Rest: has a validation expression that cannot be read/,
      ),
      expect.stringMatching(/^an error for GET \/unread of Main\/Rest: .*"method\.request\.body\.token"/),
    ]);
  });
});
