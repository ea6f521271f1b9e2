/**
 * Integrations of type AWS: call the runtime's services, with requests made from mapping templates and request
 * parameters.
 */
import type { Route, ServiceIntegration } from '../../assembly/model/index';
import { urlSuffix } from '../../aws-domains';
import type { Clock } from '../../clock';
import type { Credentials } from '../../iam/identities';
import { signatureHeaders } from '../../iam/signer';
import type { Log } from '../../log';
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

export interface ServiceIntegrationsOptions {
  region: string;
  /** Where the runtime serves AWS's services. */
  endpoint(): { host: string; port: number };
  /** API Gateway's own in a role that it assumes. */
  credentialsIn(roleArn: string): Credentials;
  clock: Clock;
  log: Log;
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
    const request = requestText(integration, input);
    if (request === undefined) {
      return this.#fails(integration, route, NO_TEMPLATE);
    }
    const answer = await this.#send(integration, route, request, input);
    if (answer === 'timedOut') return { kind: 'timedOut' };
    const { statusCode, headers } = answer;
    const text = answer.body.toString();
    if (statusCode > 299) {
      this.#options.log.warn(
        `${integration.service} answered ${route.routeKey} with ${statusCode}: ${text.slice(0, 300)}`,
      );
    }
    const response = responseFor(integration.responses, String(statusCode));
    if (!response) return { kind: 'result', result: { statusCode, headers: {} } };
    const body = responseText(response, input, { body: text, statusCode, headers }) ?? text;
    return { kind: 'result', result: { statusCode, headers: {}, body } };
  }

  #send(
    { service, method, target, roleArn, parameters, timeoutMillis }: ServiceIntegration,
    route: Route,
    text: string,
    input: TemplateInput,
  ): Promise<HttpAnswer | 'timedOut'> {
    const { region, clock, endpoint, credentialsIn } = this.#options;
    const { headers, query } = mappedParameters(parameters, input, Object.keys(route.parameters ?? {}));
    const { path, body, headers: added } = addressed(service, target, text, headers);
    const host = `${service}.${region}.${urlSuffix(region)}`;
    const url = new URL(`https://${host}`);
    url.pathname = path;
    url.search = new URLSearchParams(query).toString();
    const signed = signatureHeaders(
      { method, path: `${url.pathname}${url.search}`, host, body },
      { region, service },
      credentialsIn(roleArn),
    );
    return callHttp(
      {
        url,
        method,
        headers: {
          ...added,
          ...headers,
          ...signed,
        },
        body: Buffer.from(body),
        timeoutMillis,
        via: endpoint(),
      },
      clock,
    );
  }

  #fails(integration: ServiceIntegration, route: Route, why: string): IntegrationOutcome {
    logFailure(this.#options.log, integration, route, why);
    return { kind: 'notInvoked' };
  }
}

/** Services whose actions are JSON with a target header. Other services take a form with a parameter. */
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
