/** The integration of an HTTP API's route or a REST API's method, and whether API Gateway has permission to run it. */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { invokedFunction, withStageVariables } from '../functions/invoked-function';
import type { HttpApiIntegration, HttpNotRun, HttpRoute, HttpStage, StaticAnswer } from '../model';
import { GatewayPermissions } from '../permissions/gateway-permissions';
import { isObject, type Json, listAt, objectAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';

/** The stage for which an integration is read, and the request's ARN in the function's permissions. */
export interface IntegratedRequest {
  stage: HttpStage;
  maxTimeoutMillis: number;
  /** `apiId/stage/METHOD/path`: one of these must be permitted. */
  sources: string[];
}

interface Target {
  uri: string;
  credentials: string | undefined;
  timeoutMillis: number | undefined;
  payloadFormat: '1.0' | '2.0';
}

export class HttpIntegrations {
  readonly #functions: ReadFunctions;
  readonly #permissions: GatewayPermissions;
  readonly #byTarget: Map<string, Resource>;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#functions = functions;
    this.#permissions = new GatewayPermissions(assembly);
    this.#byTarget = new Map(
      assembly.resources('AWS::ApiGatewayV2::Integration').map((one) => [`integrations/${one.ref}`, one]),
    );
  }

  ofHttpApi(route: Resource, request: IntegratedRequest): HttpApiIntegration {
    const integration = this.#byTarget.get(route.text('Target') ?? '');
    if (!integration) return notRun(route.path, 'has no integration of this app');
    const type = integration.text('IntegrationType');
    if (type !== 'AWS_PROXY' || integration.text('IntegrationSubtype') !== undefined) {
      return notRun(integration.path, `is of type ${type}; only Lambda proxy integrations are run`);
    }
    return this.#lambda(integration, request, {
      uri: integration.text('IntegrationUri') ?? '',
      credentials: integration.text('CredentialsArn'),
      timeoutMillis: integration.number('TimeoutInMillis'),
      payloadFormat: integration.text('PayloadFormatVersion') === '1.0' ? '1.0' : '2.0',
    });
  }

  ofRestApi(method: Resource, request: IntegratedRequest): HttpApiIntegration {
    const integration = method.property('Integration');
    const type = textAt(integration, 'Type');
    if (type === 'MOCK') return staticAnswer(method, integration);
    if (type !== 'AWS_PROXY') {
      return notRun(
        method.path,
        `has an integration of type ${type}; only Lambda proxy integrations are run`,
      );
    }
    const timeout = textAt(integration, 'TimeoutInMillis');
    return this.#lambda(method, request, {
      uri: textAt(integration, 'Uri') ?? '',
      credentials: textAt(integration, 'Credentials'),
      timeoutMillis: timeout === undefined ? undefined : Number(timeout),
      payloadFormat: '1.0',
    });
  }

  #lambda(
    resource: Resource,
    { stage, maxTimeoutMillis, sources }: IntegratedRequest,
    { uri, credentials, timeoutMillis = maxTimeoutMillis, payloadFormat }: Target,
  ): HttpApiIntegration {
    const invoked = invokedFunction(withStageVariables(uri, stage.variables), this.#functions);
    if ('reason' in invoked) return notRun(invoked.path ?? resource.path, invoked.reason);
    const { functionName, qualifier } = invoked;
    const refusal = this.#permissions.refusal(invoked, {
      ...{ credentials, sources },
      notPermitted: () =>
        `API Gateway has no permission to invoke ${functionName} for ${sources[0]}; add an AWS::Lambda::Permission for apigateway.amazonaws.com`,
    });
    if (refusal !== undefined) return { ...notRun(resource.path, refusal), isNotPermitted: true };
    return {
      type: 'AWS_PROXY',
      functionName,
      ...(qualifier !== undefined && { qualifier }),
      timeoutMillis,
      payloadFormat,
    };
  }
}

/** One integration if all stages have the same; otherwise the first, and each stage's own. */
export function perStage(
  stages: HttpStage[],
  integrationIn: (stage: HttpStage) => HttpApiIntegration,
): Pick<HttpRoute, 'integration' | 'integrationsByStage'> {
  const all = stages.map((stage) => [stage.stageName, integrationIn(stage)] as const);
  const [, integration] = all[0] as (typeof all)[number];
  const differs = all.some(([, other]) => JSON.stringify(other) !== JSON.stringify(integration));
  return { integration, ...(differs && { integrationsByStage: Object.fromEntries(all) }) };
}

/** The parts of a MOCK integration that do not need its templates. The templates of preflight responses are empty. */
function staticAnswer(method: Resource, integration: Json | undefined): StaticAnswer | HttpNotRun {
  const responses = listAt(integration, 'IntegrationResponses');
  const response = responses.find((one) => textAt(one, 'SelectionPattern') === undefined);
  const statusCode = Number(textAt(response, 'StatusCode'));
  if (response === undefined || Number.isNaN(statusCode)) {
    return notRun(method.path, 'is a MOCK integration without a response, which AWS answers with 500');
  }
  const templates = Object.values(objectAt(response, 'ResponseTemplates'));
  if (templates.some((template) => typeof template === 'string' && template.trim() !== '')) {
    return notRun(method.path, 'is a MOCK integration with a response template, which is not run');
  }
  return { type: 'MOCK', statusCode, headers: staticHeaders(objectAt(response, 'ResponseParameters')) };
}

/** `method.response.header.Access-Control-Allow-Origin` is `'*'`, including the quotes. */
function staticHeaders(parameters: Json): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [target, source] of Object.entries(isObject(parameters) ? parameters : {})) {
    const [, name] = /^method\.response\.header\.(.+)$/.exec(target) ?? [];
    const [, value] = /^'(.*)'$/s.exec(String(source)) ?? [];
    if (name !== undefined && value !== undefined) headers[name] = value;
  }
  return headers;
}

function notRun(path: string, reason: string): HttpNotRun {
  return { type: 'NOT_RUN', path, reason };
}
