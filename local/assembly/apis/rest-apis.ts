/** Reads REST APIs (`AWS::ApiGateway::RestApi`): their resources, methods and stages. */
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { HttpApi, HttpApiIntegration, HttpRoute, HttpStage, OtherResource } from '../model';
import type { Resource } from '../values/resource';
import { readApiKeys } from './api-keys';
import { readGatewayResponses } from './gateway-responses';
import type { HttpRouteParts } from './http-apis';
import { perStage } from './http-integrations';
import { servedApis } from './served-apis';
import { readMethodThrottling } from './stage-throttling';
import { stageVariables } from './stage-variables';

/** The longest default timeout of a REST API's integration (quota "Maximum integration timeout"). */
const MAX_TIMEOUT_MILLIS = 29_000;

export function readRestApis(
  assembly: Assembly,
  parts: HttpRouteParts,
): { apis: HttpApi[]; notRun: OtherResource[] } {
  const resources = assembly.resources('AWS::ApiGateway::RestApi');
  return servedApis('REST API', resources, (api) => readApi(api, assembly, parts));
}

function readApi(api: Resource, assembly: Assembly, parts: HttpRouteParts): HttpApi | string {
  if (api.property('Body') !== undefined || api.property('BodyS3Location') !== undefined) {
    return 'is defined by an OpenAPI document, which the runtime does not read; define its methods in the app';
  }
  const unreadable = unreadablePolicy(api);
  if (unreadable !== undefined) return unreadable;
  const apiId = api.ref;
  const ofApi = (resource: Resource) => resource.text('RestApiId') === apiId;
  const stages = [
    ...assembly.resources('AWS::ApiGateway::Stage').filter(ofApi).map(readStage),
    ...assembly
      .resources('AWS::ApiGateway::Deployment')
      .filter((deployment) => ofApi(deployment) && deployment.text('StageName') !== undefined)
      .map(readStage),
  ];
  if (stages.length === 0) return 'has no stage; add a deployment and a stage';
  const paths = new Paths(assembly.resources('AWS::ApiGateway::Resource').filter(ofApi));
  const routes = assembly
    .resources('AWS::ApiGateway::Method')
    .filter(ofApi)
    .map((method) => readMethod(method, { apiId, stages, paths }, parts));
  const types = api.property('BinaryMediaTypes');
  const gatewayResponses = readGatewayResponses(assembly, apiId);
  return {
    kind: 'REST',
    path: api.path,
    apiId,
    name: api.text('Name') ?? apiId,
    stages,
    routes,
    ...(routes.some(({ apiKeyRequired }) => apiKeyRequired) && {
      apiKeys: readApiKeys(api, apiId, assembly),
    }),
    ...(Object.keys(gatewayResponses).length > 0 && { gatewayResponses }),
    binaryMediaTypes: Array.isArray(types) ? types.map(String) : [],
  };
}

/** Without its policy, the API would be open to everyone. */
function unreadablePolicy(api: Resource): string | undefined {
  try {
    api.property('Policy');
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return `has a policy that cannot be read: ${error.message}`;
    throw error;
  }
}

function readStage(stage: Resource): HttpStage {
  const throttling = readMethodThrottling(stage);
  return {
    stageName: stage.text('StageName') ?? '',
    ...(throttling && { throttling }),
    variables: stageVariables(stage, 'Variables'),
  };
}

function readMethod(
  method: Resource,
  { apiId, stages, paths }: { apiId: string; stages: HttpStage[]; paths: Paths },
  { integrations, authorizers }: HttpRouteParts,
): HttpRoute {
  const httpMethod = method.text('HttpMethod') ?? 'ANY';
  const resource = paths.of(method.text('ResourceId') ?? '');
  const integrationIn = (stage: HttpStage): HttpApiIntegration =>
    integrations.ofRestApi(method, {
      stage,
      maxTimeoutMillis: MAX_TIMEOUT_MILLIS,
      sources: [`${apiId}/${stage.stageName}/${httpMethod === 'ANY' ? '*' : httpMethod}${resource}`],
    });
  return {
    ...{ path: method.path, method: httpMethod, resource },
    ...authorizers.of(method, apiId),
    ...(method.flag('ApiKeyRequired') && { apiKeyRequired: true }),
    ...perStage(stages, integrationIn),
  };
}

/** The paths of an API's resources. Each resource has its parent and its own path part. */
class Paths {
  readonly #byId: Map<string, Resource>;

  constructor(resources: Resource[]) {
    this.#byId = new Map(resources.map((resource) => [resource.ref, resource]));
  }

  of(id: string): string {
    const parts: string[] = [];
    for (
      let resource = this.#byId.get(id);
      resource;
      resource = this.#byId.get(resource.text('ParentId') ?? '')
    ) {
      parts.unshift(resource.text('PathPart') ?? '');
      // CloudFormation refuses a resource that is its own ancestor.
      if (parts.length > this.#byId.size) throw resource.mistake('is its own parent');
    }
    return `/${parts.join('/')}`;
  }
}
