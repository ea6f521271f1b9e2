/** Reads the integration of a route in a stage. If it is not run, it has the reason, and fails as on AWS. */
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { isInvocationUri } from '../functions/invoked-function';
import type { Integration, Stage } from '../model';
import { InvokingRoles } from '../permissions/invoking-roles';
import type { Resource } from '../values/resource';
import { type IntegratedRoute, notRun } from './integrated-route';
import { readTemplates } from './integration-templates';
import { LambdaIntegrations } from './lambda-integrations';
import { readServiceIntegration } from './service-integrations';
import { readWebIntegration } from './web-integrations';

const INTEGRATION = 'AWS::ApiGatewayV2::Integration';

export class RouteIntegrations {
  readonly #byTarget: Map<string, Resource>;
  readonly #lambda: LambdaIntegrations;
  readonly #responses: Resource[];
  readonly #roles: InvokingRoles;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#byTarget = new Map(
      assembly.resources(INTEGRATION).map((resource) => [`integrations/${resource.ref}`, resource]),
    );
    this.#responses = assembly.resources('AWS::ApiGatewayV2::IntegrationResponse');
    this.#lambda = new LambdaIntegrations(assembly, functions);
    this.#roles = new InvokingRoles(assembly, 'apigateway.amazonaws.com');
  }

  read(route: Resource, routeKey: string, apiId: string, stage: Stage): Integration {
    const target = route.text('Target');
    const integration = this.#byTarget.get(target ?? '');
    if (!integration) {
      return notRun(
        route,
        `has no integration of this app (its Target is ${target ?? 'missing'}); give it one, such as a WebSocketLambdaIntegration`,
      );
    }
    try {
      return this.#ofKind(integration, { apiId, stage, routeKey });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { type: 'NOT_RUN', path: integration.path, reason: error.message };
    }
  }

  #ofKind(integration: Resource, route: IntegratedRoute): Integration {
    const type = integration.text('IntegrationType');
    if (type === 'AWS_PROXY') return this.#lambda.read(integration, route);
    if (type === 'MOCK') return { type, ...readTemplates(integration, this.#responses) };
    if (type === 'HTTP' || type === 'HTTP_PROXY')
      return readWebIntegration(integration, type, this.#responses, route.stage);
    if (type === 'AWS' && isInvocationUri(integration.text('IntegrationUri') ?? ''))
      return this.#lambda.readCustom(integration, route, this.#responses);
    if (type === 'AWS') return readServiceIntegration(integration, this.#responses, this.#roles);
    return notRun(
      integration,
      `is of type ${type}; WebSocket APIs allow AWS, AWS_PROXY, HTTP, HTTP_PROXY and MOCK`,
    );
  }
}
