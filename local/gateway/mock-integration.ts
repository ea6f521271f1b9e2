/** MOCK integrations: the request template says the status, and the response that the status selects is the answer. */
import type { IntegrationResponse, MockIntegration, Route, TemplateChoice } from '../assembly/model';
import type { Log } from '../log';
import type { IntegrationOutcome } from './integration';
import { renderTemplate, type TemplateInput } from './mapping-template';
import { RouteSelection } from './route-selection';

/** As much of a proxy event as templates see. */
interface TemplateEvent {
  requestContext: Record<string, unknown>;
  body?: string;
  headers?: Record<string, string>;
  queryStringParameters?: Record<string, string>;
  stageVariables?: Record<string, string>;
}

const FAILED: IntegrationOutcome = { kind: 'notInvoked' };

export class MockIntegrations {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  answer(integration: MockIntegration, route: Route, event: TemplateEvent): IntegrationOutcome {
    const input: TemplateInput = {
      body: event.body ?? '',
      context: event.requestContext,
      stageVariables: event.stageVariables ?? {},
      parameters: { querystring: event.queryStringParameters ?? {}, header: event.headers ?? {} },
    };
    try {
      return this.#answer(integration, route, input);
    } catch (error) {
      return this.#fails(integration, route, `a template fails: ${(error as Error).message}`);
    }
  }

  #answer(integration: MockIntegration, route: Route, input: TemplateInput): IntegrationOutcome {
    const { request, passthrough, responses } = integration;
    const template = chosen(request, input);
    const hasTemplates = Object.keys(request.templates).length > 0;
    const isRefused = passthrough === 'NEVER' || (passthrough === 'WHEN_NO_TEMPLATES' && hasTemplates);
    if (template === undefined && isRefused) {
      return this.#fails(
        integration,
        route,
        'no request template is for this message, and none may pass without one',
      );
    }
    // The bare integration, as the CDK makes it: people hear nothing of it.
    const isBare = !hasTemplates && responses.length === 0 && route.routeKey !== '$connect';
    if (isBare) return { kind: 'result', result: { statusCode: 200, headers: {} } };
    const statusCode = statusOf(template === undefined ? input.body : renderTemplate(template, input));
    if (statusCode === undefined) {
      return this.#fails(
        integration,
        route,
        'its request template must give {"statusCode": 200}, or another status',
      );
    }
    const response = responseFor(responses, statusCode);
    if (!response) {
      // A message without an answer is none that fails; a handshake needs one.
      if (route.routeKey !== '$connect') return { kind: 'result', result: { statusCode, headers: {} } };
      return this.#fails(integration, route, `it has no integration response for the status ${statusCode}`);
    }
    const responseTemplate = chosen(response, input);
    const body = responseTemplate === undefined ? undefined : renderTemplate(responseTemplate, input);
    return { kind: 'result', result: { statusCode, headers: {}, ...(body !== undefined && { body }) } };
  }

  #fails({ path }: MockIntegration, { routeKey }: Route, why: string): IntegrationOutcome {
    this.#log.warn(`${routeKey} fails: of ${path}, ${why}.`);
    return FAILED;
  }
}

/** The template that the expression selects, else the one for `$default`. */
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

/** AWS takes JSON whose names have no quotes here, as the CDK writes it. */
function statusOf(text: string): number | undefined {
  const [, status] = /["']?statusCode["']?\s*:\s*["']?(\d{3})\b/.exec(text) ?? [];
  return status === undefined ? undefined : Number(status);
}

function responseFor(responses: IntegrationResponse[], statusCode: number): IntegrationResponse | undefined {
  const matching = responses.find(({ key }) => {
    const [, pattern] = /^\/(.*)\/$/.exec(key) ?? [];
    return pattern !== undefined && new RegExp(`^(?:${pattern})$`).test(String(statusCode));
  });
  return matching ?? responses.find(({ key }) => key === '$default');
}
