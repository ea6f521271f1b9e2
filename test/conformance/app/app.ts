/** The APIs that the cases talk to. Each output is the URL of one API: `MainUrl`, `BareUrl`, … */
import { join } from 'node:path';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnIntegration,
  CfnIntegrationResponse,
  CfnModel,
  CfnRoute,
  CfnRouteResponse,
  type IWebSocketRouteAuthorizer,
  WebSocketApi,
  type WebSocketApiProps,
  WebSocketStage,
  type WebSocketStageProps,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketIamAuthorizer, WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const app = new App();
const stack = new Stack(app, 'Conformance');

const events = new Table(stack, 'Events', {
  partitionKey: { name: 'connectionId', type: AttributeType.STRING },
  sortKey: { name: 'eventType', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  removalPolicy: RemovalPolicy.DESTROY,
  timeToLiveAttribute: 'expiresAt',
});

/** Bundles everything that the function imports, because an emulator may have no AWS SDK for its functions. */
function code(name: string) {
  const folder = join(__dirname, 'build', name);
  buildSync({
    entryPoints: [join(__dirname, 'functions', name, 'index.js')],
    ...{ outfile: join(folder, 'index.js'), bundle: true, platform: 'node', target: 'node22' },
    ...{ format: 'cjs', minify: true, logLevel: 'warning' },
  });
  return { runtime: Runtime.NODEJS_22_X, handler: 'index.handler', code: Code.fromAsset(folder) };
}
const scripted = new LambdaFunction(stack, 'Scripted', {
  ...code('scripted'),
  ...{ memorySize: 256, timeout: Duration.seconds(60) },
  environment: { EVENTS: events.tableName },
});
events.grantReadWriteData(scripted);
const authorizing = new LambdaFunction(stack, 'Authorizing', code('authorizer'));

/** One integration for each route, because the CDK grants the permission only for the first route of an integration. */
const toScripted = (timeout?: Duration) =>
  new WebSocketLambdaIntegration('Scripted', scripted, timeout && { timeout });

interface Served {
  api: WebSocketApi;
  stage: WebSocketStage;
}

function serve(
  name: string,
  apiProps: WebSocketApiProps = {},
  stageProps: Partial<WebSocketStageProps> = {},
): Served {
  const api = new WebSocketApi(stack, name, apiProps);
  const stage = new WebSocketStage(stack, `${name}Stage`, {
    ...{ webSocketApi: api, stageName: name.toLowerCase(), autoDeploy: true },
    ...stageProps,
  });
  api.grantManageConnections(scripted);
  new CfnOutput(stack, `${name}Url`, { value: stage.url });
  return { api, stage };
}

const connectAndLeave = (authorizer?: IWebSocketRouteAuthorizer): WebSocketApiProps => ({
  connectRouteOptions: { integration: toScripted(), ...(authorizer && { authorizer }) },
  disconnectRouteOptions: { integration: toScripted() },
  defaultRouteOptions: { integration: toScripted(), returnResponse: true },
});

const main = serve('Main', connectAndLeave(), { stageVariables: { colour: 'blue' } });
main.api.addRoute('one-way', { integration: toScripted() });
main.api.addRoute('two-way', { integration: toScripted(), returnResponse: true });
main.api.addRoute('chat/join', { integration: toScripted(), returnResponse: true });
main.api.addRoute('7', { integration: toScripted(), returnResponse: true });
main.api.addRoute('true', { integration: toScripted(), returnResponse: true });
main.api.addRoute('brief', { integration: toScripted(Duration.seconds(1)), returnResponse: true });
pong(main);
variables(main);
onlyWithText(main);

// Another stage of the same API.
const second = new WebSocketStage(stack, 'SecondStage', {
  ...{ webSocketApi: main.api, stageName: 'second', autoDeploy: true },
});
new CfnOutput(stack, 'SecondUrl', { value: second.url });

const bare = serve('Bare');
bare.api.addRoute('known', { integration: toScripted(), returnResponse: true });

const nested = serve('Nested', {
  ...connectAndLeave(),
  routeSelectionExpression: '$request.body.service.do',
});
nested.api.addRoute('sing', { integration: toScripted(), returnResponse: true });

const composite = serve('Composite', {
  ...connectAndLeave(),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: API Gateway's own syntax
  routeSelectionExpression: '${request.body.a}-${request.body.b}',
});
composite.api.addRoute('x-y', { integration: toScripted(), returnResponse: true });
composite.api.addRoute('x-', { integration: toScripted(), returnResponse: true });

serve(
  'Guarded',
  connectAndLeave(
    new WebSocketLambdaAuthorizer('Authorizer', authorizing, {
      identitySource: ['route.request.querystring.token'],
    }),
  ),
);
serve('Signed', connectAndLeave(new WebSocketIamAuthorizer()));
serve('Throttled', connectAndLeave(), { throttle: { rateLimit: 0, burstLimit: 0 } });

/** A route that responds without a function. */
function pong({ api }: Served): void {
  twoWayRoute(api, 'ping', mock(api, 'Pong', '{"pong":"$context.connectionId"}'));
}

/** A route that responds with what a template knows about the request. */
function variables({ api }: Served): void {
  const names = [
    ...['connectionId', 'connectedAt', 'domainName', 'eventType', 'messageId', 'routeKey', 'requestId'],
    ...['extendedRequestId', 'apiId', 'stage', 'requestTime', 'requestTimeEpoch', 'identity.sourceIp'],
  ];
  const members = names.map((name) => `"${name}":"$context.${name}"`);
  const others = `"colour":"$stageVariables.colour","part":$input.json('$.part'),"escaped":"$util.escapeJavaScript($input.body)"`;
  twoWayRoute(api, 'variables', mock(api, 'Variables', `{${members.join(',')},${others}}`));
}

/** An integration that responds with a template alone. */
function mock({ apiId }: WebSocketApi, id: string, template: string): CfnIntegration {
  const integration = new CfnIntegration(stack, id, {
    ...{ apiId, integrationType: 'MOCK', templateSelectionExpression: '200' },
    requestTemplates: { '200': '{"statusCode":200}' },
  });
  new CfnIntegrationResponse(stack, `${id}Response`, {
    ...{ apiId, integrationId: integration.ref, integrationResponseKey: '/200/' },
    ...{ templateSelectionExpression: '200', responseTemplates: { '200': template } },
  });
  return integration;
}

/** A route that requires a text in its messages. */
function onlyWithText({ api }: Served): void {
  const model = new CfnModel(stack, 'Text', {
    ...{ apiId: api.apiId, name: 'text', contentType: 'application/json' },
    schema: {
      $schema: 'http://json-schema.org/draft-04/schema#',
      ...{ type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
    },
  });
  const [route] = api
    .addRoute('validated', { integration: toScripted(), returnResponse: true })
    .node.children.filter((child) => child instanceof CfnRoute);
  if (!(route instanceof CfnRoute)) throw new Error('The CDK has changed how it makes routes.');
  route.modelSelectionExpression = '\\$default';
  route.requestModels = { $default: 'text' };
  route.addDependency(model);
}

function twoWayRoute(api: WebSocketApi, routeKey: string, integration: CfnIntegration): void {
  const route = new CfnRoute(stack, `${routeKey}Route`, {
    ...{ apiId: api.apiId, routeKey, target: `integrations/${integration.ref}` },
    routeResponseSelectionExpression: '$default',
  });
  new CfnRouteResponse(stack, `${routeKey}RouteResponse`, {
    ...{ apiId: api.apiId, routeId: route.ref, routeResponseKey: '$default' },
  });
}
