/** An HTTP API and a REST API with an authorizer of each kind, beside a WebSocket API. */
import { App, Stack } from 'aws-cdk-lib';
import {
  CognitoUserPoolsAuthorizer,
  type IAuthorizer,
  IdentitySource,
  LambdaIntegration,
  RequestAuthorizer,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import {
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

const app = new App();
const stack = new Stack(app, 'HttpAuthorizers', { env: { account: '111122223333', region: 'eu-west-1' } });

function inline(id: string, body: string): LambdaFunction {
  return new LambdaFunction(stack, id, {
    ...{ runtime: Runtime.NODEJS_22_X, handler: 'index.handler' },
    code: Code.fromInline(`exports.handler = async (event) => { ${body} };`),
  });
}

/** Returns what it knows of the caller. */
const handler = inline(
  'Handler',
  'return { statusCode: 200, body: JSON.stringify(event.requestContext.authorizer) };',
);
const simple = inline(
  'Simple',
  "return { isAuthorized: event.headers.authorization === 'ada-secret', context: { rooms: ['a', 'b'] } };",
);
const policy = inline(
  'Policy',
  `const secret = event.authorizationToken ?? event.headers['X-Key'];
  if (secret === 'nobody') throw new Error('Unauthorized');
  const Resource = event.methodArn;
  const Statement = [{ Action: 'execute-api:Invoke', Effect: secret === 'ada-secret' ? 'Allow' : 'Deny', Resource }];
  return { principalId: 'ada', policyDocument: { Version: '2012-10-17', Statement }, context: { level: 3 } };`,
);

const chat = new WebSocketApi(stack, 'Chat', {
  defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler) },
});
new WebSocketStage(stack, 'ChatStage', { webSocketApi: chat, stageName: 'chat', autoDeploy: true });

const users = UserPool.fromUserPoolId(stack, 'Users', 'eu-west-1_Users1234');
const client = users.addClient('Page', { userPoolClientName: 'page' });

const http = new HttpApi(stack, 'Http');
const integration = new HttpLambdaIntegration('Whoever', handler);
const route = (path: string, authorizer: IHttpRouteAuthorizer, authorizationScopes: string[] = []) =>
  http.addRoutes({
    path,
    integration,
    authorizer,
    ...(authorizationScopes.length > 0 && { authorizationScopes }),
  });
const jwt = new HttpJwtAuthorizer('Jwt', 'https://login.example', { jwtAudience: ['chat'] });
route('/jwt', jwt);
route('/scoped', jwt, ['chat/read']);
route('/pool', new HttpUserPoolAuthorizer('Pool', users, { userPoolClients: [client] }));
route(
  '/simple',
  new HttpLambdaAuthorizer('Simply', simple, { responseTypes: [HttpLambdaResponseType.SIMPLE] }),
);
route('/policy', new HttpLambdaAuthorizer('ByPolicy', policy));

const rest = new RestApi(stack, 'Rest');
const method = (path: string, authorizer: IAuthorizer, authorizationScopes: string[] = []) =>
  rest.root
    .addResource(path)
    .addMethod('GET', new LambdaIntegration(handler), { authorizer, authorizationScopes });
method('token', new TokenAuthorizer(stack, 'Token', { handler: policy }));
method(
  'request',
  new RequestAuthorizer(stack, 'Request', {
    handler: policy,
    identitySources: [IdentitySource.header('X-Key')],
  }),
);
method('users', new CognitoUserPoolsAuthorizer(stack, 'Cognito', { cognitoUserPools: [users] }));
app.synth();
