/** Reads the mapping templates of integrations other than Lambda proxies. */

import type { ContentHandling, IntegrationResponse, TemplateChoice, TemplatedIntegration } from '../model';
import { isObject, type Json } from '../values/json';
import type { Resource } from '../values/resource';

/** The quota "Mapping template size". */
const MAX_TEMPLATE_BYTES = 300 * 1024;

const PASSTHROUGH = ['WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER'] as const;

/** @param responses the IntegrationResponse resources of the app */
export function readTemplates(integration: Resource, responses: Resource[]): TemplatedIntegration {
  const id = integration.ref;
  const passthrough = integration.text('PassthroughBehavior') ?? 'WHEN_NO_MATCH';
  const known = PASSTHROUGH.find((behavior) => behavior === passthrough);
  if (known === undefined) {
    throw integration.mistake(
      `its PassthroughBehavior is ${passthrough}; API Gateway allows ${PASSTHROUGH.join(', ')}`,
    );
  }
  return {
    path: integration.path,
    request: choice(integration.property('RequestTemplates'), integration),
    passthrough: known,
    responses: responses
      .filter((response) => response.text('IntegrationId') === id)
      .map(
        (response): IntegrationResponse => ({
          key: response.text('IntegrationResponseKey') ?? '$default',
          ...choice(response.property('ResponseTemplates'), response),
          ...contentHandling(response),
        }),
      ),
    ...contentHandling(integration),
  };
}

const CONTENT_HANDLING = ['CONVERT_TO_BINARY', 'CONVERT_TO_TEXT'] as const;

function contentHandling(resource: Resource): { contentHandling?: ContentHandling } {
  const given = resource.text('ContentHandlingStrategy');
  if (given === undefined) return {};
  const known = CONTENT_HANDLING.find((strategy) => strategy === given);
  if (known !== undefined) return { contentHandling: known };
  throw resource.mistake(
    `its ContentHandlingStrategy is ${given}; API Gateway allows ${CONTENT_HANDLING.join(' and ')}`,
  );
}

/** `integration.request.header.X` and the like, by the source of each. */
export function requestParameters(integration: Resource): Record<string, string> {
  const parameters = integration.property('RequestParameters');
  return Object.fromEntries(
    Object.entries(isObject(parameters) ? parameters : {}).map(([target, source]) => [
      target,
      String(source),
    ]),
  );
}

function choice(templates: Json | undefined, resource: Resource): TemplateChoice {
  const selectionExpression = resource.text('TemplateSelectionExpression');
  const all = Object.entries(isObject(templates) ? templates : {}).map(([key, text]) => [key, String(text)]);
  for (const [key, text = ''] of all) {
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_TEMPLATE_BYTES) continue;
    throw resource.mistake(
      `its mapping template ${key} has ${bytes} bytes; API Gateway allows ${MAX_TEMPLATE_BYTES}`,
    );
  }
  return {
    templates: Object.fromEntries(all),
    ...(selectionExpression !== undefined && { selectionExpression }),
  };
}
