/**
 * Reads WebSocket APIs with their routes and stages. The start fails if AWS would refuse to deploy something. If
 * something is not run, only its routes fail.
 */
import type { Assembly } from '../assembly';
import type { Integration, OtherResource, Route, Stage, WebSocketApi } from '../model';
import { isObject } from '../values/json';
import type { Resource } from '../values/resource';
import { readApiKeys } from './api-keys';
import { readCustomDomains } from './custom-domains';
import type { RouteAuthorizers } from './route-authorizers';
import type { RouteIntegrations } from './route-integrations';
import { readValidation } from './route-models';
import { readThrottling } from './stage-throttling';
import { stageVariables } from './stage-variables';

const API = 'AWS::ApiGatewayV2::Api';
const ROUTE = 'AWS::ApiGatewayV2::Route';
const ROUTE_RESPONSE = 'AWS::ApiGatewayV2::RouteResponse';
const STAGE = 'AWS::ApiGatewayV2::Stage';
const DEPLOYMENT = 'AWS::ApiGatewayV2::Deployment';

/** The quota "Access log template size". */
const MAX_FORMAT_BYTES = 3 * 1024;

/** Only these keys may start with a dollar sign. */
const PREDEFINED_ROUTES = new Set(['$connect', '$disconnect', '$default']);

export function isWebSocketApi(api: Resource): boolean {
  return api.text('ProtocolType') === 'WEBSOCKET';
}

/** Reads the parts of a route. */
export interface RouteParts {
  integrations: RouteIntegrations;
  authorizers: RouteAuthorizers;
}

export function readWebSocketApis(
  assembly: Assembly,
  parts: RouteParts,
): { apis: WebSocketApi[]; notRun: OtherResource[] } {
  const notRun: OtherResource[] = [];
  const apis = assembly
    .resources(API)
    .filter(isWebSocketApi)
    .flatMap((api) => readApi(api, assembly, parts, notRun));
  return { apis, notRun: [...notRun, ...routesOfOthers(assembly)] };
}

function readApi(
  api: Resource,
  assembly: Assembly,
  parts: RouteParts,
  notRun: OtherResource[],
): WebSocketApi[] {
  const apiId = api.ref;
  const routeSelectionExpression = api.text('RouteSelectionExpression');
  if (!routeSelectionExpression)
    throw api.mistake(
      'has no RouteSelectionExpression; WebSocket APIs need one, such as $request.body.action',
    );
  const without = (reason: string) => {
    notRun.push({ type: API, path: api.path, reason, cost: `nobody can connect to ${api.shortPath}` });
    return [];
  };
  const ofApi = (resource: Resource) => resource.text('ApiId') === apiId;
  const stages = assembly
    .resources(STAGE)
    .filter(ofApi)
    .flatMap((stage) => readStage(stage, apiId, assembly, notRun));
  if (stages.length === 0) return without('has no stage that is deployed; add a WebSocketStage');
  const routes = assembly
    .resources(ROUTE)
    .filter(ofApi)
    .map((route) => readRoute(route, { apiId, stages }, assembly, parts));
  if (routes.length === 0) return without('has no routes; AWS does not deploy an API without routes');
  const repeated = routes.find(
    (route, index) => routes.findIndex(({ routeKey }) => routeKey === route.routeKey) < index,
  );
  if (repeated)
    throw api.mistake(`has two routes with the key ${repeated.routeKey}; route keys must be unique`);
  const customDomains = readCustomDomains(apiId, assembly, notRun);
  const isExecuteApiDisabled = api.flag('DisableExecuteApiEndpoint');
  if (isExecuteApiDisabled && customDomains.length === 0) {
    return without(
      'has DisableExecuteApiEndpoint, but the app maps no custom domain to it; add an ApiMapping, or leave the endpoint enabled',
    );
  }
  return [
    {
      path: api.path,
      apiId,
      name: api.text('Name') ?? apiId,
      routeSelectionExpression,
      routes,
      stages,
      ...(customDomains.length > 0 && { customDomains }),
      ...(isExecuteApiDisabled && { isExecuteApiDisabled }),
      ...(routes.some(({ apiKeyRequired }) => apiKeyRequired) && {
        apiKeys: readApiKeys(api, apiId, assembly),
      }),
    },
  ];
}

/** A route may belong to an API that the app imports, whose stages are unknown. */
function routesOfOthers(assembly: Assembly): OtherResource[] {
  const known = new Set(assembly.resources(API).map(({ ref }) => ref));
  return assembly
    .resources(ROUTE)
    .filter((route) => !known.has(route.text('ApiId') ?? ''))
    .map((route) => ({
      type: ROUTE,
      path: route.path,
      reason: `belongs to the API ${route.text('ApiId')}, which is not part of this app`,
      cost: `the route ${route.text('RouteKey')} is not served`,
    }));
}

function readRoute(
  route: Resource,
  api: Pick<WebSocketApi, 'apiId' | 'stages'>,
  assembly: Assembly,
  { integrations, authorizers }: RouteParts,
): Route {
  const routeKey = route.text('RouteKey') ?? '';
  if (routeKey === '' || (routeKey.startsWith('$') && !PREDEFINED_ROUTES.has(routeKey))) {
    throw route.mistake(
      `its RouteKey is ${JSON.stringify(routeKey)}; it must be $connect, $disconnect, $default, or a key of your own that does not begin with a dollar sign`,
    );
  }
  const authorizer = authorizers.read(route, api.apiId);
  if (authorizer && routeKey !== '$connect')
    throw route.mistake(
      `the route ${routeKey} has an authorizer or an AuthorizationType, which AWS allows only for $connect`,
    );
  const validation = readValidation(route, api.apiId, assembly);
  const byStage: [string, Integration][] = api.stages.map((stage) => [
    stage.stageName,
    integrations.read(route, routeKey, api.apiId, stage),
  ]);
  const [, integration] = byStage[0] as [string, Integration];
  const others = byStage.filter(([, other]) => JSON.stringify(other) !== JSON.stringify(integration));
  return {
    path: route.path,
    routeKey,
    ...(authorizer && { authorizer }),
    integration,
    ...(others.length > 0 && { integrationsByStage: Object.fromEntries(others) }),
    ...parametersOf(route),
    ...(validation && { validation }),
    ...(route.flag('ApiKeyRequired') && { apiKeyRequired: true }),
    returnsResponse: returnsResponse(route, assembly),
  };
}

function parametersOf(route: Resource): Pick<Route, 'parameters'> {
  const given = route.property('RequestParameters');
  if (!isObject(given) || Object.keys(given).length === 0) return {};
  return {
    parameters: Object.fromEntries(
      Object.entries(given).map(([name, constraints]) => [
        name,
        { isRequired: isObject(constraints) && String(constraints.Required) === 'true' },
      ]),
    ),
  };
}

/** The route must select the response by its selection expression, and the response must exist. */
function returnsResponse(route: Resource, assembly: Assembly): boolean {
  if (route.text('RouteResponseSelectionExpression') !== '$default') return false;
  const routeId = route.ref;
  return assembly
    .resources(ROUTE_RESPONSE)
    .some(
      (response) => response.text('RouteId') === routeId && response.text('RouteResponseKey') === '$default',
    );
}

function readStage(stage: Resource, apiId: string, assembly: Assembly, notRun: OtherResource[]): Stage[] {
  const stageName = stage.text('StageName') ?? '';
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(stageName)) {
    throw stage.mistake(
      `its name is ${JSON.stringify(stageName)}; names of WebSocket stages have up to 128 letters, digits, hyphens and underscores`,
    );
  }
  if (!isDeployed(stage, stageName, apiId, assembly)) {
    notRun.push({
      type: STAGE,
      path: stage.path,
      reason: 'has neither AutoDeploy nor a deployment, so it serves no routes on AWS; set autoDeploy: true',
      cost: `nobody can connect to ${stageName}`,
    });
    return [];
  }
  const throttling = readThrottling(stage);
  const accessLog = stage.property('AccessLogSettings');
  const accessLogFormat = isObject(accessLog) ? accessLog.Format : undefined;
  const formatBytes = typeof accessLogFormat === 'string' ? Buffer.byteLength(accessLogFormat) : 0;
  if (formatBytes > MAX_FORMAT_BYTES) {
    throw stage.mistake(
      `its access log format has ${formatBytes} bytes; API Gateway allows ${MAX_FORMAT_BYTES}`,
    );
  }
  return [
    {
      path: stage.path,
      stageName,
      variables: stageVariables(stage, 'StageVariables'),
      ...(throttling && { throttling }),
      ...(typeof accessLogFormat === 'string' && { accessLogFormat }),
    },
  ];
}

/** The stage deploys automatically or names a deployment, or a deployment names the stage. */
function isDeployed(stage: Resource, stageName: string, apiId: string, assembly: Assembly): boolean {
  if (stage.flag('AutoDeploy') || stage.text('DeploymentId') !== undefined) return true;
  return assembly
    .resources(DEPLOYMENT)
    .some((deployment) => deployment.text('ApiId') === apiId && deployment.text('StageName') === stageName);
}
