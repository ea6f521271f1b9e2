/** WebSocket APIs with their routes and stages. What the gateway would not do as AWS does stops the start with a sentence. */
import type { Assembly } from './assembly';
import { isObject, type Json } from './json';
import { readLambdaIntegration } from './lambda-integrations';
import type { OtherResource, Route, Stage, WebSocketApi } from './model';
import type { Resource } from './resource';

const API = 'AWS::ApiGatewayV2::Api';
const ROUTE = 'AWS::ApiGatewayV2::Route';
const ROUTE_RESPONSE = 'AWS::ApiGatewayV2::RouteResponse';
const STAGE = 'AWS::ApiGatewayV2::Stage';

/** In API Gateway's page on routes: the three predefined keys; others may not begin with a dollar sign. */
const PREDEFINED_ROUTES = new Set(['$connect', '$disconnect', '$default']);

/** Route settings that AWS would enforce and the gateway does not know yet. */
const UNKNOWN_ROUTE_SETTINGS: Record<string, string> = {
  AuthorizerId: 'an authorizer',
  AuthorizationScopes: 'authorization scopes',
  ModelSelectionExpression: 'models (validation of messages)',
  RequestModels: 'models (validation of messages)',
  RequestParameters: 'request parameters',
};

export function isWebSocketApi(api: Resource): boolean {
  return api.text('ProtocolType') === 'WEBSOCKET';
}

export function readWebSocketApis(assembly: Assembly): { apis: WebSocketApi[]; notRun: OtherResource[] } {
  const notRun: OtherResource[] = [];
  const apis = assembly
    .resources(API)
    .filter(isWebSocketApi)
    .map((api) => readApi(api, assembly, notRun));
  return { apis, notRun };
}

function readApi(api: Resource, assembly: Assembly, notRun: OtherResource[]): WebSocketApi {
  const apiId = String(api.stack.reference(api.logicalId, 'Resources'));
  if (api.flag('DisableExecuteApiEndpoint')) {
    throw api.mistake(
      'DisableExecuteApiEndpoint is set, so that AWS serves this API at a custom domain only; custom domains are not run yet. Leave it off for the run on this machine',
    );
  }
  const routeSelectionExpression = api.text('RouteSelectionExpression');
  if (!routeSelectionExpression)
    throw api.mistake(
      'has no RouteSelectionExpression; WebSocket APIs need one, such as $request.body.action',
    );
  const ofApi = (resource: Resource) => resource.text('ApiId') === apiId;
  const stages = assembly
    .resources(STAGE)
    .filter(ofApi)
    .map((stage) => readStage(stage, notRun));
  if (stages.length === 0)
    throw api.mistake('has no stage, so that no client could connect to it; add a WebSocketStage');
  const routes = assembly
    .resources(ROUTE)
    .filter(ofApi)
    .map((route) => readRoute(route, assembly));
  if (routes.length === 0) throw api.mistake('has no routes; AWS deploys no API without one');
  const repeated = routes.find(
    (route, index) => routes.findIndex(({ routeKey }) => routeKey === route.routeKey) < index,
  );
  if (repeated)
    throw api.mistake(`has two routes with the key ${repeated.routeKey}; each key may occur once`);
  return { path: api.path, apiId, name: api.text('Name') ?? apiId, routeSelectionExpression, routes, stages };
}

function readRoute(route: Resource, assembly: Assembly): Route {
  const routeKey = route.text('RouteKey') ?? '';
  if (routeKey === '' || (routeKey.startsWith('$') && !PREDEFINED_ROUTES.has(routeKey))) {
    throw route.mistake(
      `its RouteKey is ${JSON.stringify(routeKey)}; it must be $connect, $disconnect, $default, or a key of your own that does not begin with a dollar sign`,
    );
  }
  const authorization = route.text('AuthorizationType') ?? 'NONE';
  if (authorization !== 'NONE')
    throw refusal(route, routeKey, `authorization (AuthorizationType ${authorization})`);
  if (route.flag('ApiKeyRequired')) throw refusal(route, routeKey, 'an API key (ApiKeyRequired)');
  for (const [property, what] of Object.entries(UNKNOWN_ROUTE_SETTINGS)) {
    if (isGiven(route.property(property))) throw refusal(route, routeKey, `${what} (${property})`);
  }
  return {
    path: route.path,
    routeKey,
    integration: readLambdaIntegration(route, routeKey, assembly),
    returnsResponse: returnsResponse(route, assembly),
  };
}

function refusal(route: Resource, routeKey: string, what: string): Error {
  return route.mistake(
    `the route ${routeKey} uses ${what}, which is not run yet. Starting without it would let through what AWS refuses; take it out for the run on this machine`,
  );
}

function isGiven(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : true;
}

/** Both are needed: the route names the response by its selection expression, and the response exists. */
function returnsResponse(route: Resource, assembly: Assembly): boolean {
  if (route.text('RouteResponseSelectionExpression') !== '$default') return false;
  const routeId = route.stack.reference(route.logicalId, 'Resources');
  return assembly
    .resources(ROUTE_RESPONSE)
    .some(
      (response) => response.text('RouteId') === routeId && response.text('RouteResponseKey') === '$default',
    );
}

function readStage(stage: Resource, notRun: OtherResource[]): Stage {
  const stageName = stage.text('StageName') ?? '';
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(stageName)) {
    throw stage.mistake(
      `its name is ${JSON.stringify(stageName)}; stages of WebSocket APIs are named with up to 128 letters, digits, hyphens and underscores`,
    );
  }
  if (!stage.flag('AutoDeploy') && stage.text('DeploymentId') === undefined) {
    throw stage.mistake(
      'has neither AutoDeploy nor a DeploymentId, so that on AWS it would serve no route; set autoDeploy: true',
    );
  }
  if (hasThrottle(stage.property('DefaultRouteSettings')) || hasThrottle(stage.property('RouteSettings'))) {
    notRun.push({ type: 'stage throttling', path: stage.path, reason: 'not enforced yet' });
  }
  const variables = stage.property('StageVariables');
  return {
    path: stage.path,
    stageName,
    variables: Object.fromEntries(
      Object.entries(isObject(variables) ? variables : {}).map(([name, value]) => [name, String(value)]),
    ),
  };
}

function hasThrottle(settings: Json | undefined): boolean {
  if (!isObject(settings)) return false;
  return Object.entries(settings).some(
    ([name, value]) => name.startsWith('Throttling') || hasThrottle(value),
  );
}
