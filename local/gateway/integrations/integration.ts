/**
 * Runs the integration of a route: answers from templates, calls a service or a URL, or invokes a function within the
 * time limit and reads its result.
 */
import type { LambdaIntegration, Route } from '../../assembly/model/index';
import type { Clock } from '../../clock';
import type { NameForPeople } from '../../function-names';
import type { Credentials } from '../../iam/identities';
import type { FunctionInvoker, InvocationOutcome } from '../../lambda/invocation';
import type { Log } from '../../log';
import { isUsableBody, isUsableStatusCode } from '../assumptions';
import { HttpIntegrations } from './http-integration';
import type { IntegrationOutcome, ProxyResult } from './integration-outcome';
import { LambdaCustomIntegrations } from './lambda-integration';
import { MockIntegrations } from './mock-integration';
import { ServiceIntegrations } from './service-integration';

export interface IntegrationsOptions {
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
  nameOf: NameForPeople;
  region: string;
  /** Where the runtime serves AWS's hosts. */
  endpoint(): { host: string; port: number };
  /** API Gateway's own in a role that it assumes. */
  credentialsIn(roleArn: string): Credentials;
}

export class Integrations {
  readonly #invoker: FunctionInvoker;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #nameOf: NameForPeople;
  readonly #mocks: MockIntegrations;
  readonly #services: ServiceIntegrations;
  readonly #http: HttpIntegrations;
  readonly #custom: LambdaCustomIntegrations;

  constructor({ invoker, clock, log, nameOf, region, endpoint, credentialsIn }: IntegrationsOptions) {
    this.#invoker = invoker;
    this.#clock = clock;
    this.#log = log;
    this.#nameOf = nameOf;
    this.#mocks = new MockIntegrations(log);
    this.#services = new ServiceIntegrations({ region, endpoint, credentialsIn, clock, log });
    this.#http = new HttpIntegrations({ endpoint, clock, log });
    this.#custom = new LambdaCustomIntegrations({ invoker, clock, log });
  }

  /**
   * Runs `route`'s integration with `event` of a connection. Calls `whenOver` once the function has ended, even after
   * the time limit.
   */
  run(route: Route, event: string, connectionId: string, whenOver?: () => void): Promise<IntegrationOutcome> {
    const { integration } = route;
    if (integration.type === 'MOCK') {
      whenOver?.();
      return Promise.resolve(this.#mocks.answer(integration, route, JSON.parse(event)));
    }
    if (integration.type === 'AWS') {
      return this.#services.call(integration, route, JSON.parse(event)).finally(whenOver);
    }
    if (integration.type === 'AWS_LAMBDA') {
      return this.#custom.call(integration, route, JSON.parse(event), whenOver);
    }
    if (integration.type === 'NOT_RUN') {
      this.#log.warn(
        `${route.routeKey} fails, because the runtime does not run ${integration.path}. The list at the start says why.`,
      );
      whenOver?.();
      return Promise.resolve({ kind: 'notInvoked' });
    }
    if (integration.type === 'AWS_PROXY') {
      return this.#runFunction(route, integration, event, connectionId, whenOver);
    }
    return this.#http.call(integration, route, JSON.parse(event)).finally(whenOver);
  }

  #runFunction(
    route: Route,
    { functionName, qualifier, timeoutMillis }: LambdaIntegration,
    event: string,
    connectionId: string,
    whenOver?: () => void,
  ): Promise<IntegrationOutcome> {
    return new Promise((resolve) => {
      const alarm = this.#clock.after(timeoutMillis, () => {
        this.#log.warn(
          `${this.#nameOf(functionName)} did not answer ${route.routeKey} within ${timeoutMillis} ms, the integration's timeout. It keeps running.`,
        );
        resolve({ kind: 'timedOut' });
      });
      const settle = (outcome: IntegrationOutcome): void => {
        alarm.cancel();
        resolve(outcome);
        whenOver?.();
      };
      const target = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
      this.#invoke(target, event, `${route.routeKey} ${connectionId}`).then(
        (outcome) => settle(this.#read(route, functionName, outcome)),
        (error: unknown) => {
          this.#log.error(
            `${this.#nameOf(functionName)} could not be invoked for ${route.routeKey}: ${messageOf(error)}`,
          );
          settle({ kind: 'notInvoked' });
        },
      );
    });
  }

  /** Async, so that a handshake is answered even if the invoker throws instead of rejecting. */
  async #invoke(functionName: string, event: string, subject: string): Promise<InvocationOutcome> {
    return this.#invoker.invoke(functionName, event, subject);
  }

  #read(route: Route, functionName: string, outcome: InvocationOutcome): IntegrationOutcome {
    // The function's own log has its error.
    const { requestId } = outcome;
    if (outcome.kind === 'failure') return { kind: 'failed', requestId };
    const result = proxyResult(outcome.payload);
    if (typeof result !== 'string') return { kind: 'result', result, requestId };
    // No route waits for the result of `$disconnect`.
    if (route.routeKey !== '$disconnect') {
      const name = this.#nameOf(functionName);
      this.#log.warn(`${name} answered ${route.routeKey} with ${result}.`);
    }
    return { kind: 'failed', requestId };
  }
}

/** Any other member makes a result malformed, as reported of middleware on AWS that left its own members in it. */
const RESULT_MEMBERS = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded']);

/** The function's result, or why API Gateway would refuse it ("Malformed Lambda proxy response"). */
function proxyResult(payload: string): ProxyResult | string {
  const value: unknown = parse(payload);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${shorten(payload)}, but API Gateway needs an object such as { "statusCode": 200 }`;
  }
  const unknown = Object.keys(value).find((name) => !RESULT_MEMBERS.has(name));
  if (unknown !== undefined) {
    const known = [...RESULT_MEMBERS].join(', ');
    return `the member ${shorten(JSON.stringify(unknown))}, which a proxy result may not have; return only ${known}`;
  }
  const { statusCode, body, headers, isBase64Encoded } = value as Record<string, unknown>;
  if (!isUsableStatusCode(statusCode)) {
    return `the statusCode ${shorten(JSON.stringify(statusCode))}, but API Gateway needs a number such as 200`;
  }
  if (!isUsableBody(body)) {
    return 'a body that is not a string, which API Gateway refuses: pass it through JSON.stringify';
  }
  const result: ProxyResult = {
    statusCode,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
  };
  if (typeof body === 'string') {
    result.body = isBase64Encoded === true ? Buffer.from(body, 'base64').toString() : body;
  }
  return result;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function shorten(text: string | undefined): string {
  if (text === undefined || text === '') return 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
