/** Integrations of type AWS: calls of the services that run here, made by mapping templates and request parameters. */
import { request as httpRequest } from 'node:http';
import type { Route, ServiceIntegration } from '../assembly/model';
import { urlSuffix } from '../aws-domains';
import type { Clock } from '../clock';
import { PERSONAL_CREDENTIALS } from '../iam/identities';
import { signatureHeaders } from '../iam/signer';
import type { Log } from '../log';
import type { IntegrationOutcome } from './integration';
import { inputOf, requestText, responseFor, responseText, type TemplateEvent } from './integration-templates';
import type { TemplateInput } from './mapping-template';
import { MAX_SERVICE_ANSWER_BYTES } from './quotas';
import { RouteSelection } from './route-selection';

export interface ServiceIntegrationsOptions {
  region: string;
  /** Where the runtime serves AWS's services. */
  endpoint(): { host: string; port: number };
  clock: Clock;
  log: Log;
}

interface ServiceAnswer {
  statusCode: number;
  body: string;
}

export class ServiceIntegrations {
  readonly #options: ServiceIntegrationsOptions;

  constructor(options: ServiceIntegrationsOptions) {
    this.#options = options;
  }

  async call(
    integration: ServiceIntegration,
    route: Route,
    event: TemplateEvent,
  ): Promise<IntegrationOutcome> {
    try {
      return await this.#call(integration, route, inputOf(event));
    } catch (error) {
      return this.#fails(integration, route, (error as Error).message);
    }
  }

  async #call(
    integration: ServiceIntegration,
    route: Route,
    input: TemplateInput,
  ): Promise<IntegrationOutcome> {
    const text = requestText(integration, input);
    if (text === undefined) {
      const why = 'no request template is for this message, and none may pass without one';
      return this.#fails(integration, route, why);
    }
    const answer = await this.#send(integration, text, input);
    if (answer === 'timedOut') return { kind: 'timedOut' };
    const { statusCode } = answer;
    if (statusCode > 299) {
      this.#options.log.warn(
        `${integration.service} answered ${route.routeKey} with ${statusCode}: ${answer.body.slice(0, 300)}`,
      );
    }
    const response = responseFor(integration.responses, statusCode);
    if (!response) return { kind: 'result', result: { statusCode, headers: {} } };
    const body = responseText(response, input, answer.body) ?? answer.body;
    return { kind: 'result', result: { statusCode, headers: {}, body } };
  }

  #send(
    { service, method, target, parameters, timeoutMillis }: ServiceIntegration,
    text: string,
    input: TemplateInput,
  ): Promise<ServiceAnswer | 'timedOut'> {
    const { region, clock } = this.#options;
    const { headers, query } = parametersOf(parameters, input);
    const { path, body, headers: added } = addressed(service, target, text, headers);
    const sent = query === '' ? path : `${path}?${query}`;
    // What the integration may do, its role has decided when the app was read.
    const signed = signatureHeaders(
      { method, path: sent, host: `${service}.${region}.${urlSuffix(region)}`, body },
      { region, service },
      PERSONAL_CREDENTIALS,
    );
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        {
          ...this.#options.endpoint(),
          method,
          path: sent,
          headers: {
            ...added,
            ...headers,
            'content-length': Buffer.byteLength(body),
            ...signed,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MAX_SERVICE_ANSWER_BYTES)
              outgoing.destroy(new Error('the answer is larger than 10 MB'));
            else chunks.push(chunk);
          });
          response.on('end', () => {
            alarm.cancel();
            resolve({ statusCode: response.statusCode ?? 500, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      const alarm = clock.after(timeoutMillis, () => {
        resolve('timedOut');
        outgoing.destroy();
      });
      outgoing.on('error', (error) => {
        alarm.cancel();
        reject(error);
      });
      outgoing.end(body);
    });
  }

  #fails({ path }: ServiceIntegration, { routeKey }: Route, why: string): IntegrationOutcome {
    this.#options.log.warn(`${routeKey} fails: of ${path}, ${why}.`);
    return { kind: 'notInvoked' };
  }
}

/** The protocol of a service's actions: a target header beside JSON, or a parameter of a form. */
const TARGETS: ReadonlyMap<string, { prefix: string; contentType: string }> = new Map([
  ['dynamodb', { prefix: 'DynamoDB_20120810', contentType: 'application/x-amz-json-1.0' }],
  ['events', { prefix: 'AWSEvents', contentType: 'application/x-amz-json-1.1' }],
]);

function addressed(
  service: string,
  { kind, name }: ServiceIntegration['target'],
  text: string,
  headers: Record<string, string>,
): { path: string; body: string; headers: Record<string, string> } {
  if (kind === 'path') {
    const contentType = service === 's3' ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    return {
      path: `/${name}`,
      body: text,
      headers: Object.hasOwn(headers, 'content-type') ? {} : contentType,
    };
  }
  const target = TARGETS.get(service);
  if (target) {
    const named = { 'x-amz-target': `${target.prefix}.${name}`, 'content-type': target.contentType };
    return { path: '/', body: text, headers: named };
  }
  const isForm = { 'content-type': 'application/x-www-form-urlencoded' };
  return { path: '/', body: `Action=${encodeURIComponent(name)}&${text}`, headers: isForm };
}

/** Source: "Setting up data mapping for WebSocket APIs". */
function parametersOf(
  parameters: Record<string, string>,
  input: TemplateInput,
): { headers: Record<string, string>; query: string } {
  const headers: Record<string, string> = {};
  const query = new URLSearchParams();
  for (const [target, source] of Object.entries(parameters)) {
    const [, place, name = ''] = /^integration\.request\.(header|querystring)\.(.+)$/.exec(target) ?? [];
    const value = sourceValue(source, input);
    if (place === undefined || value === undefined) continue;
    if (place === 'header') headers[name.toLowerCase()] = value;
    else query.set(name, value);
  }
  return { headers, query: query.toString() };
}

function sourceValue(source: string, input: TemplateInput): string | undefined {
  const [, fixed] = /^'(.*)'$/s.exec(source) ?? [];
  if (fixed !== undefined) return fixed;
  const [, place = '', name = ''] =
    /^(context|stageVariables|route\.request\.(?:querystring|header|body))\.(.+)$/.exec(source) ?? [];
  const records: Record<string, Record<string, unknown>> = {
    context: input.context,
    stageVariables: input.stageVariables,
    'route.request.querystring': input.parameters.querystring,
    'route.request.header': input.parameters.header,
  };
  if (place === 'route.request.body') {
    return new RouteSelection(`$request.body.${name}`, 'the request parameters').select(input.body);
  }
  const record = Object.hasOwn(records, place) ? records[place] : undefined;
  return record && Object.hasOwn(record, name) ? String(record[name]) : undefined;
}
