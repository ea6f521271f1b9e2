/** Integrations of type AWS: routes that call an AWS service directly. */

import type { NotRun, ServiceIntegration } from '../model';
import { isObject } from '../values/json';
import type { Resource } from '../values/resource';
import { readTemplates } from './integration-templates';
import { timeoutMillis } from './integration-timeout';

/** Those that the runtime serves and that take a request of this kind. */
const SERVICES = new Set(['dynamodb', 'events', 's3', 'sns', 'sqs']);

const SERVICE_URI = /^arn:[^:]+:apigateway:[^:]*:(?:[^:.]+\.)?([a-z0-9-]+):(path|action)\/(.*)$/;

export function readServiceIntegration(
  integration: Resource,
  responses: Resource[],
): ServiceIntegration | NotRun {
  const uri = integration.text('IntegrationUri') ?? '';
  const [, service = '', kind, name = ''] = SERVICE_URI.exec(uri) ?? [];
  const notRun = (reason: string): NotRun => ({ type: 'NOT_RUN', path: integration.path, reason });
  if (kind !== 'path' && kind !== 'action') {
    return notRun(
      `goes to ${uri || 'nothing'}; the form is arn:aws:apigateway:{region}:{service}:path/{path} or …:action/{action}`,
    );
  }
  if (!SERVICES.has(service)) {
    const known = [...SERVICES].join(', ');
    return notRun(`calls ${service}, which is not run for integrations of type AWS; ${known} are`);
  }
  if (integration.text('CredentialsArn') === undefined) {
    return notRun(
      `calls ${service} without a role (CredentialsArn), so that AWS refuses the call; give it credentialsRole`,
    );
  }
  const parameters = integration.property('RequestParameters');
  return {
    type: 'AWS',
    ...readTemplates(integration, responses),
    service,
    method: integration.text('IntegrationMethod') ?? 'POST',
    target: { kind, name },
    parameters: Object.fromEntries(
      Object.entries(isObject(parameters) ? parameters : {}).map(([target, source]) => [
        target,
        String(source),
      ]),
    ),
    timeoutMillis: timeoutMillis(integration),
  };
}
