/** Lambda proxy integrations: which function a route runs, and whether API Gateway may run it. */
import type { Assembly } from './assembly';
import type { LambdaIntegration } from './model';
import type { Resource } from './resource';
import { functionNameIn } from './resource-values';

const INTEGRATION = 'AWS::ApiGatewayV2::Integration';

/** API Gateway's quotas for WebSocket APIs: an integration may take 50 ms to 29 s. */
const MIN_TIMEOUT_MILLIS = 50;
const MAX_TIMEOUT_MILLIS = 29_000;

/** Settings that mean nothing to a Lambda proxy integration of a WebSocket API, or only what is done anyway. */
const HARMLESS_SETTINGS = new Set([
  'ApiId',
  'Description',
  'IntegrationMethod',
  'IntegrationType',
  'IntegrationUri',
  'PassthroughBehavior',
  'PayloadFormatVersion',
  'TimeoutInMillis',
]);

export function readLambdaIntegration(
  route: Resource,
  routeKey: string,
  assembly: Assembly,
): LambdaIntegration {
  const target = route.text('Target');
  const integration = assembly
    .resources(INTEGRATION)
    .find((other) => target === `integrations/${other.stack.reference(other.logicalId, 'Resources')}`);
  if (!integration) {
    throw route.mistake(
      `the route ${routeKey} has no integration of this app (its Target is ${target ?? 'missing'}); give it one, such as a WebSocketLambdaIntegration`,
    );
  }
  const type = integration.text('IntegrationType');
  if (type !== 'AWS_PROXY') {
    throw integration.mistake(
      `the route ${routeKey} uses an integration of type ${type}, which is not run yet; only Lambda proxy integrations (AWS_PROXY) are`,
    );
  }
  const unknown = Object.keys(integration.properties).find(
    (name) => !HARMLESS_SETTINGS.has(name) && !isDefault(name, integration),
  );
  if (unknown) {
    throw integration.mistake(
      `the integration of route ${routeKey} sets ${unknown}, which is not run yet; take it out for the run on this machine`,
    );
  }
  const functionName = calledFunction(integration, routeKey, assembly);
  return { type, functionName, timeoutMillis: timeoutMillis(integration) };
}

function isDefault(name: string, integration: Resource): boolean {
  return name === 'ConnectionType' && integration.text(name) === 'INTERNET';
}

function timeoutMillis(integration: Resource): number {
  const timeout = integration.number('TimeoutInMillis') ?? MAX_TIMEOUT_MILLIS;
  if (timeout >= MIN_TIMEOUT_MILLIS && timeout <= MAX_TIMEOUT_MILLIS) return timeout;
  throw integration.mistake(
    `its TimeoutInMillis is ${timeout}; API Gateway takes ${MIN_TIMEOUT_MILLIS} to ${MAX_TIMEOUT_MILLIS}`,
  );
}

function calledFunction(integration: Resource, routeKey: string, assembly: Assembly): string {
  const uri = integration.text('IntegrationUri') ?? '';
  const [, functionArn] =
    /^arn:[^:]+:apigateway:[^:]+:lambda:path\/[^/]+\/functions\/(.+)\/invocations$/.exec(uri) ?? [];
  if (functionArn === undefined || functionArn.includes('${')) {
    throw integration.mistake(
      `the integration of route ${routeKey} goes to ${uri || 'nothing'}, which is not a Lambda function of this app; the form is arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations`,
    );
  }
  const functionName = functionNameIn(functionArn);
  const isOfThisApp = assembly
    .resources('AWS::Lambda::Function')
    .some(
      (other) =>
        functionArn.startsWith(String(other.stack.attribute(other.logicalId, 'Arn', 'Resources'))) &&
        nameOf(other) === functionName,
    );
  if (isOfThisApp) return functionName;
  throw integration.mistake(
    `the integration of route ${routeKey} calls ${functionArn}, which is not a function of this app; only the app's own functions are run`,
  );
}

function nameOf(lambdaFunction: Resource): string {
  return String(lambdaFunction.stack.reference(lambdaFunction.logicalId, 'Resources'));
}
