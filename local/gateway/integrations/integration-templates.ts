/**
 * The mapping templates of integrations other than Lambda proxies: one makes the request from a message, another the
 * response from the backend's.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type {
  IntegrationResponse,
  Route,
  TemplateChoice,
  TemplatedIntegration,
} from '../../assembly/model/index';
import type { Log } from '../../log';
import { RouteSelection } from '../route-selection';
import { renderTemplate, type TemplateInput } from './mapping-template';

/** The parts of a proxy event that templates see. */
export interface TemplateEvent {
  requestContext: Record<string, unknown>;
  body?: string;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  queryStringParameters?: Record<string, string>;
  multiValueQueryStringParameters?: Record<string, string[]>;
  stageVariables?: Record<string, string>;
}

export function inputOf(event: TemplateEvent): TemplateInput {
  return {
    body: event.body ?? '',
    context: event.requestContext,
    stageVariables: event.stageVariables ?? {},
    parameters: {
      querystring: event.queryStringParameters ?? {},
      header: event.headers ?? {},
      multiValueQuerystring: event.multiValueQueryStringParameters ?? {},
      multiValueHeader: event.multiValueHeaders ?? {},
    },
  };
}

/** The error if `requestText` is undefined. */
export const NO_TEMPLATE =
  'no request template matches this message, and PassthroughBehavior does not let it pass';

export function logFailure(log: Log, { path }: { path: string }, { routeKey }: Route, why: string): void {
  log.warn(`${routeKey} failed in ${path}: ${why}.`);
}

/** The backend's response, as templates of a response see it. */
export interface BackendAnswer {
  body: string;
  statusCode: number;
  headers: IncomingHttpHeaders;
}

/** The request's text; `undefined` if the message matches no template and may not pass without one. */
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

/**
 * The response whose pattern matches a status or an error message, or else the one for `$default`.
 */
export function responseFor(
  responses: IntegrationResponse[],
  selected: string,
): IntegrationResponse | undefined {
  const matching = responses.find(({ key }) => {
    const [, pattern] = /^\/(.*)\/$/.exec(key) ?? [];
    return pattern !== undefined && new RegExp(`^(?:${pattern})$`, 's').test(selected);
  });
  return matching ?? responses.find(({ key }) => key === '$default');
}

/** The text from the response's template, if it has one. */
export function responseText(
  response: IntegrationResponse,
  message: TemplateInput,
  answer: BackendAnswer,
): string | undefined {
  const template = chosen(response, message, answer);
  return template === undefined ? undefined : renderTemplate(template, { ...message, body: answer.body });
}

/**
 * The template that the expression selects from the message and the backend's answer, or else the one for `$default`.
 */
function chosen(
  { templates, selectionExpression }: TemplateChoice,
  { body }: TemplateInput,
  answer?: BackendAnswer,
): string | undefined {
  const key =
    selectionExpression === undefined
      ? '$default'
      : new RouteSelection(
          withAnswer(selectionExpression, answer),
          'the templates',
          'template selection expression',
        ).select(body);
  if (Object.hasOwn(templates, key)) return templates[key];
  return Object.hasOwn(templates, '$default') ? templates.$default : undefined;
}

const OF_ANSWER =
  /\$(?:\{integration\.response\.(statuscode|(?:multivalue)?header\.[^{}]+)\}|integration\.response\.(statuscode|(?:multivalue)?header\.\S+))/g;

/**
 * Replaces the answer's variables with their values as literal text. Source: "Selection expressions" for WebSocket
 * APIs.
 */
function withAnswer(expression: string, answer: BackendAnswer | undefined): string {
  if (!answer) return expression;
  return expression.replace(OF_ANSWER, (_, inBraces?: string, alone?: string) =>
    escaped(answerValue(inBraces ?? alone ?? '', answer)),
  );
}

function answerValue(variable: string, { statusCode, headers }: BackendAnswer): string {
  if (variable === 'statuscode') return String(statusCode);
  const name = variable.slice(variable.indexOf('.') + 1).toLowerCase();
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function escaped(text: string): string {
  return text.replace(/[\\$]/g, '\\$&');
}
