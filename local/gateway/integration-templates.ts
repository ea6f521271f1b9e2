/** How integrations that are no proxies make a request of a message, and an answer of a status: by mapping templates. */
import type { IntegrationResponse, TemplateChoice, TemplatedIntegration } from '../assembly/model';
import { renderTemplate, type TemplateInput } from './mapping-template';
import { RouteSelection } from './route-selection';

/** As much of a proxy event as templates see. */
export interface TemplateEvent {
  requestContext: Record<string, unknown>;
  body?: string;
  headers?: Record<string, string>;
  queryStringParameters?: Record<string, string>;
  stageVariables?: Record<string, string>;
}

export function inputOf(event: TemplateEvent): TemplateInput {
  return {
    body: event.body ?? '',
    context: event.requestContext,
    stageVariables: event.stageVariables ?? {},
    parameters: { querystring: event.queryStringParameters ?? {}, header: event.headers ?? {} },
  };
}

/** The request's text; `undefined` if no template is for this message, and none may pass without one. */
export function requestText(
  { request, passthrough }: TemplatedIntegration,
  input: TemplateInput,
): string | undefined {
  const template = chosen(request, input);
  if (template !== undefined) return renderTemplate(template, input);
  const hasTemplates = Object.keys(request.templates).length > 0;
  const isRefused = passthrough === 'NEVER' || (passthrough === 'WHEN_NO_TEMPLATES' && hasTemplates);
  return isRefused ? undefined : input.body;
}

/** The response whose pattern the status matches, else the one for `$default`. */
export function responseFor(
  responses: IntegrationResponse[],
  statusCode: number,
): IntegrationResponse | undefined {
  const matching = responses.find(({ key }) => {
    const [, pattern] = /^\/(.*)\/$/.exec(key) ?? [];
    return pattern !== undefined && new RegExp(`^(?:${pattern})$`).test(String(statusCode));
  });
  return matching ?? responses.find(({ key }) => key === '$default');
}

/** What a response's template makes of the integration's answer, if it has one. */
export function responseText(
  response: IntegrationResponse,
  message: TemplateInput,
  answer: string,
): string | undefined {
  const template = chosen(response, message);
  return template === undefined ? undefined : renderTemplate(template, { ...message, body: answer });
}

/** The template that the expression selects of the message, else the one for `$default`. */
function chosen(
  { templates, selectionExpression }: TemplateChoice,
  { body }: TemplateInput,
): string | undefined {
  const key =
    selectionExpression === undefined
      ? '$default'
      : new RouteSelection(selectionExpression, 'the templates').select(body);
  if (Object.hasOwn(templates, key)) return templates[key];
  return Object.hasOwn(templates, '$default') ? templates.$default : undefined;
}
