/** Reads integrations of type AWS, which call an AWS service directly. */

import type { NotRun, ServiceIntegration } from '../model';
import type { InvokingRoles } from '../permissions/invoking-roles';
import type { Resource } from '../values/resource';
import { readTemplates, requestParameters } from './integration-templates';
import { timeoutMillis } from './integration-timeout';

/** The services of the runtime that integrations can call. */
const SERVICES = new Set(['dynamodb', 'events', 's3', 'sns', 'sqs']);

const SERVICE_URI = /^arn:[^:]+:apigateway:[^:]*:(?:[^:.]+\.)?([a-z0-9-]+):(path|action)\/(.*)$/;

export function readServiceIntegration(
  integration: Resource,
  responses: Resource[],
  roles: InvokingRoles,
): ServiceIntegration | NotRun {
  const uri = integration.text('IntegrationUri') ?? '';
  const [, service = '', kind, name = ''] = SERVICE_URI.exec(uri) ?? [];
  const notRun = (reason: string): NotRun => ({ type: 'NOT_RUN', path: integration.path, reason });
  if (kind !== 'path' && kind !== 'action') {
    return notRun(
      `points to ${uri || 'nothing'}; the form is arn:aws:apigateway:{region}:{service}:path/{path} or …:action/{action}`,
    );
  }
  if (!SERVICES.has(service)) {
    const known = [...SERVICES].join(', ');
    return notRun(
      `calls ${service}, which the runtime does not support for integrations of type AWS; it supports ${known}`,
    );
  }
  const roleArn = integration.text('CredentialsArn');
  if (roleArn === undefined) {
    return notRun(
      `calls ${service} without a role (CredentialsArn), so AWS refuses the call; set credentialsRole`,
    );
  }
  const distrust = roles.distrust(roleArn);
  if (distrust !== undefined) return notRun(distrust);
  return {
    type: 'AWS',
    ...readTemplates(integration, responses),
    service,
    method: integration.text('IntegrationMethod') ?? 'POST',
    target: { kind, name },
    roleArn,
    parameters: requestParameters(integration),
    timeoutMillis: timeoutMillis(integration),
  };
}
