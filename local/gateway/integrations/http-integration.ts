/** HTTP and HTTP_PROXY integrations: each message is one request to the integration's URL. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpIntegration, Route } from '../../assembly/model/index';
import { isAwsHost } from '../../aws-domains';
import type { Clock } from '../../clock';
import type { Log } from '../../log';
import { httpIntegrationHeaders } from '../assumptions';
import { bytesForBackend, textOfAnswer } from './content-handling';
import { callHttp, type HttpAnswer } from './http-call';
import type { IntegrationOutcome } from './integration-outcome';
import {
  inputOf,
  logFailure,
  NO_TEMPLATE,
  requestText,
  responseFor,
  responseText,
  type TemplateEvent,
} from './integration-templates';
import type { TemplateInput } from './mapping-template';
import { mappedParameters } from './request-parameters';

export interface HttpIntegrationsOptions {
  /** Where the runtime serves AWS's hosts. */
  endpoint(): { host: string; port: number };
  clock: Clock;
  log: Log;
}

/** Headers of the connection between client and gateway, or computed again for the request. */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export class HttpIntegrations {
  readonly #options: HttpIntegrationsOptions;

  constructor(options: HttpIntegrationsOptions) {
    this.#options = options;
  }

  async call(integration: HttpIntegration, route: Route, event: TemplateEvent): Promise<IntegrationOutcome> {
    const { log } = this.#options;
    try {
      const input = inputOf(event);
      const isProxy = integration.type === 'HTTP_PROXY';
      const text = isProxy ? event.body : requestText(integration, input);
      if (text === undefined && !isProxy) throw new Error(NO_TEMPLATE);
      const answer = await this.#send(integration, route, input, text);
      if (answer === 'timedOut') {
        log.warn(
          `${integration.path} did not answer ${route.routeKey} within ${integration.timeoutMillis} ms, the integration's timeout.`,
        );
        return { kind: 'timedOut' };
      }
      return result(integration, input, answer);
    } catch (error) {
      logFailure(log, integration, route, (error as Error).message);
      return { kind: 'failed' };
    }
  }

  #send(
    integration: HttpIntegration,
    route: Route,
    input: TemplateInput,
    text: string | undefined,
  ): Promise<HttpAnswer | 'timedOut'> {
    const isProxy = integration.type === 'HTTP_PROXY';
    const mapped = mappedParameters(integration.parameters, input, Object.keys(route.parameters ?? {}));
    const url = new URL(
      integration.url.replace(/\{([^{}]+)\+?\}/g, (whole, name: string) =>
        Object.hasOwn(mapped.path, name) ? encodeURIComponent(mapped.path[name] ?? '') : whole,
      ),
    );
    const { header, multiValueHeader, multiValueQuerystring } = input.parameters;
    const own = new Set(mapped.query.map(([name]) => name));
    if (isProxy) {
      for (const [name, values] of Object.entries(multiValueQuerystring)) {
        if (!own.has(name)) for (const value of values) url.searchParams.append(name, value);
      }
    }
    for (const name of own) url.searchParams.delete(name);
    for (const [name, value] of mapped.query) url.searchParams.append(name, value);
    const isMessage = route.routeKey !== '$connect' && route.routeKey !== '$disconnect';
    const body =
      isMessage && text !== undefined ? bytesForBackend(text, integration.contentHandling) : undefined;
    const forwarded = isProxy && route.routeKey === '$connect' ? forwardable(multiValueHeader, header) : {};
    return callHttp(
      {
        url,
        method: integration.method,
        headers: {
          ...httpIntegrationHeaders(String(input.context.apiId ?? ''), body !== undefined),
          ...forwarded,
          ...mapped.headers,
        },
        ...(body !== undefined && { body }),
        timeoutMillis: integration.timeoutMillis,
        via: isAwsHost(url.hostname) ? this.#options.endpoint() : undefined,
      },
      this.#options.clock,
    );
  }
}

function result(integration: HttpIntegration, input: TemplateInput, answer: HttpAnswer): IntegrationOutcome {
  const { statusCode } = answer;
  const headers = { ...answer.headers };
  if (integration.type === 'HTTP_PROXY') {
    const body = textOfAnswer(answer.body, integration.contentHandling);
    return { kind: 'result', result: { statusCode, headers, body } };
  }
  const response = responseFor(integration.responses, String(statusCode));
  if (!response) return { kind: 'result', result: { statusCode, headers: {} } };
  const text = textOfAnswer(answer.body, response.contentHandling);
  const body = responseText(response, input, { body: text, statusCode, headers: answer.headers }) ?? text;
  return { kind: 'result', result: { statusCode, headers: {}, body } };
}

function forwardable(
  multiValueHeader: Readonly<Record<string, string[]>>,
  header: Readonly<Record<string, string>>,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(header)) {
    const lower = name.toLowerCase();
    if (!NOT_FORWARDED.has(lower)) headers[lower] = multiValueHeader[name] ?? value;
  }
  return headers;
}
