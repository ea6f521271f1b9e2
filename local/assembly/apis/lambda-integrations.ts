/**
 * Reads Lambda integrations: the function that a route invokes, and whether API Gateway has permission to invoke it.
 */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { invokedFunction, isInvocationUri, withStageVariables } from '../functions/invoked-function';
import type { Integration, LambdaIntegration, NotRun } from '../model';
import { GatewayPermissions } from '../permissions/gateway-permissions';
import type { Resource } from '../values/resource';
import { type IntegratedRoute, notRun } from './integrated-route';
import { readTemplates, requestParameters } from './integration-templates';
import { timeoutMillis } from './integration-timeout';

/**
 * Settings that do not affect a Lambda proxy integration of a WebSocket API, or that request its normal behavior.
 * Assumption: content handling does not change a proxy's event and response, as users report.
 */
const HARMLESS_SETTINGS = new Set([
  'ApiId',
  'ContentHandlingStrategy',
  'CredentialsArn',
  'Description',
  'IntegrationMethod',
  'IntegrationType',
  'IntegrationUri',
  'PassthroughBehavior',
  'PayloadFormatVersion',
  'RequestTemplates',
  'TemplateSelectionExpression',
  'TimeoutInMillis',
]);

export class LambdaIntegrations {
  readonly #functions: ReadFunctions;
  readonly #permissions: GatewayPermissions;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#functions = functions;
    this.#permissions = new GatewayPermissions(assembly);
  }

  /** @throws {UserError} if AWS would refuse the integration */
  read(integration: Resource, route: IntegratedRoute): Integration {
    const unknown = Object.keys(integration.properties).find(
      (name) => !HARMLESS_SETTINGS.has(name) && !isDefault(name, integration),
    );
    if (unknown) {
      return notRun(
        integration,
        `sets ${unknown}, which the runtime does not support; remove it to run this locally`,
      );
    }
    const invoked = this.#invoked(integration, route);
    return 'reason' in invoked ? invoked : { type: 'AWS_PROXY', ...invoked };
  }

  /**
   * Reads an integration of type AWS, whose templates make the event and the response.
   * @throws {UserError} if AWS would refuse the integration
   */
  readCustom(integration: Resource, route: IntegratedRoute, responses: Resource[]): Integration {
    const invoked = this.#invoked(integration, route);
    if ('reason' in invoked) return invoked;
    const templates = readTemplates(integration, responses);
    return { type: 'AWS_LAMBDA', ...templates, parameters: requestParameters(integration), ...invoked };
  }

  #invoked(integration: Resource, route: IntegratedRoute): Omit<LambdaIntegration, 'type'> | NotRun {
    const called = timeoutMillis(integration);
    const uri = withStageVariables(integration.text('IntegrationUri') ?? '', route.stage.variables);
    if (!isInvocationUri(uri)) {
      return notRun(
        integration,
        `points to ${uri || 'nothing'}, which is not a Lambda function; the form is arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations`,
      );
    }
    const invoked = invokedFunction(uri, this.#functions);
    if ('reason' in invoked) return notRun({ path: invoked.path ?? integration.path }, invoked.reason);
    const { functionName, qualifier } = invoked;
    const { apiId, stage, routeKey } = route;
    const forbidden = this.#permissions.refusal(invoked, {
      credentials: integration.text('CredentialsArn'),
      sources: [`${apiId}/${stage.stageName}/${routeKey}`],
      notPermitted: (others) =>
        `API Gateway has no permission to invoke ${functionName} there. ${
          others ? `Its permissions are for ${others}. ` : ''
        }Give each route a WebSocketLambdaIntegration of its own, which adds the permission, or add an AWS::Lambda::Permission for apigateway.amazonaws.com`,
    });
    if (forbidden !== undefined) return notRun(integration, forbidden);
    return {
      functionName,
      ...(qualifier === undefined ? {} : { qualifier }),
      timeoutMillis: called,
    };
  }
}

function isDefault(name: string, integration: Resource): boolean {
  return name === 'ConnectionType' && integration.text(name) === 'INTERNET';
}
