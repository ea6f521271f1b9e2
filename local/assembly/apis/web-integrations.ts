/** Reads HTTP and HTTP_PROXY integrations of WebSocket routes. */
import { withStageVariables } from '../functions/invoked-function';
import type { HttpIntegration, NotRun, Stage } from '../model';
import type { Resource } from '../values/resource';
import { readTemplates, requestParameters } from './integration-templates';
import { timeoutMillis } from './integration-timeout';

export function readWebIntegration(
  integration: Resource,
  type: HttpIntegration['type'],
  responses: Resource[],
  stage: Stage,
): HttpIntegration | NotRun {
  if (integration.text('ConnectionType') === 'VPC_LINK') {
    const reason =
      'goes through a VPC link, which the runtime does not support; to run this locally, use an integration without ConnectionType VPC_LINK';
    return { type: 'NOT_RUN', path: integration.path, reason };
  }
  const url = withStageVariables(integration.text('IntegrationUri') ?? '', stage.variables);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw integration.mistake(
      `its IntegrationUri is ${url || 'missing'}; an integration of type ${type} needs an http:// or https:// URL`,
    );
  }
  const method = integration.text('IntegrationMethod');
  if (method === undefined) {
    throw integration.mistake(
      `has no IntegrationMethod; an integration of type ${type} needs one, such as POST`,
    );
  }
  return {
    type,
    ...readTemplates(integration, responses),
    url,
    method: method === 'ANY' ? 'POST' : method,
    parameters: requestParameters(integration),
    timeoutMillis: timeoutMillis(integration),
  };
}
