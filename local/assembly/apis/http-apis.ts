/** HTTP APIs (`AWS::ApiGatewayV2::Api` with ProtocolType HTTP): their routes, stages and CORS settings. */
import type { Assembly } from '../assembly';
import type { CorsRules, HttpApi, HttpApiIntegration, HttpRoute, HttpStage, OtherResource } from '../model';
import { isObject, type Json } from '../values/json';
import type { Resource } from '../values/resource';
import type { HttpAuthorizers } from './http-authorizers';
import { type HttpIntegrations, perStage } from './http-integrations';
import { servedApis } from './served-apis';
import { readThrottling } from './stage-throttling';
import { stageVariables } from './stage-variables';

const API = 'AWS::ApiGatewayV2::Api';

/** The longest timeout of an HTTP API's integration (quota "Maximum integration timeout"). */
const MAX_TIMEOUT_MILLIS = 30_000;

/** What a route of an HTTP API or a method of a REST API consists of. */
export interface HttpRouteParts {
  integrations: HttpIntegrations;
  authorizers: HttpAuthorizers;
}

export function readHttpApis(
  assembly: Assembly,
  parts: HttpRouteParts,
): { apis: HttpApi[]; notRun: OtherResource[] } {
  const resources = assembly.resources(API).filter((api) => api.text('ProtocolType') === 'HTTP');
  return servedApis('HTTP API', resources, (api) => readApi(api, assembly, parts));
}

/** The API, or the reason why none of it is served. */
function readApi(api: Resource, assembly: Assembly, parts: HttpRouteParts): HttpApi | string {
  if (api.property('Body') !== undefined || api.property('BodyS3Location') !== undefined) {
    return 'is defined by an OpenAPI document, which is not read; define its routes in the app';
  }
  const apiId = api.ref;
  const ofApi = (resource: Resource) => resource.text('ApiId') === apiId;
  const stages = assembly
    .resources('AWS::ApiGatewayV2::Stage')
    .filter((stage) => ofApi(stage) && (stage.flag('AutoDeploy') || stage.text('DeploymentId') !== undefined))
    .map(readStage);
  if (stages.length === 0) return 'has no stage that is deployed; add a stage with autoDeploy';
  const routes = assembly
    .resources('AWS::ApiGatewayV2::Route')
    .filter(ofApi)
    .map((route) => readRoute(route, apiId, stages, parts));
  const cors = corsRules(api.property('CorsConfiguration'));
  return {
    kind: 'HTTP',
    path: api.path,
    apiId,
    name: api.text('Name') ?? apiId,
    stages,
    routes,
    ...(cors && { cors }),
    binaryMediaTypes: [],
  };
}

function readStage(stage: Resource): HttpStage {
  const throttling = readThrottling(stage);
  return {
    stageName: stage.text('StageName') ?? '$default',
    ...(throttling && { throttling }),
    variables: stageVariables(stage, 'StageVariables'),
  };
}

function readRoute(
  route: Resource,
  apiId: string,
  stages: HttpStage[],
  { integrations, authorizers }: HttpRouteParts,
): HttpRoute {
  const routeKey = route.text('RouteKey') ?? '$default';
  const [, method = 'ANY', resource = '$default'] = /^([A-Z]+) (\/.*)$/.exec(routeKey) ?? [];
  const integrationIn = (stage: HttpStage): HttpApiIntegration =>
    integrations.ofHttpApi(route, {
      stage,
      maxTimeoutMillis: MAX_TIMEOUT_MILLIS,
      sources: [
        `${apiId}/${stage.stageName}/${method === 'ANY' ? '*' : method}${resource === '$default' ? '/*' : resource}`,
        `${apiId}/${stage.stageName}/${resource}`,
      ],
    });
  return {
    ...{ path: route.path, method, resource },
    ...authorizers.of(route, apiId),
    ...perStage(stages, integrationIn),
  };
}

/** HTTP APIs and function URLs use different names for the same settings. */
export function corsRules(cors: Json | undefined): CorsRules | undefined {
  if (!isObject(cors)) return undefined;
  const list = (name: string) => {
    const values = cors[name];
    return Array.isArray(values) ? values.map(String) : [];
  };
  const maxAge = cors.MaxAge;
  return {
    allowOrigins: list('AllowOrigins'),
    allowMethods: list('AllowMethods').map((method) => method.toUpperCase()),
    allowHeaders: list('AllowHeaders').map((name) => name.toLowerCase()),
    exposeHeaders: list('ExposeHeaders'),
    allowCredentials: String(cors.AllowCredentials) === 'true',
    ...(maxAge !== undefined && maxAge !== null && { maxAgeSeconds: Number(maxAge) }),
  };
}
