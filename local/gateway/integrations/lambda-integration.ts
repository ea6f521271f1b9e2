/**
 * Lambda integrations other than proxies (AWS): templates make the function's event from the message, and the client's
 * response from the result.
 */
import type { LambdaCustomIntegration, Route } from '../../assembly/model/index';
import type { Clock } from '../../clock';
import type { FunctionInvoker, InvocationOutcome } from '../../lambda/invocation';
import type { Log } from '../../log';
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

export interface LambdaCustomIntegrationsOptions {
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
}

export class LambdaCustomIntegrations {
  readonly #options: LambdaCustomIntegrationsOptions;

  constructor(options: LambdaCustomIntegrationsOptions) {
    this.#options = options;
  }

  /** Calls `whenOver` once the function has ended, even after the time limit. */
  async call(
    integration: LambdaCustomIntegration,
    route: Route,
    event: TemplateEvent,
    whenOver?: () => void,
  ): Promise<IntegrationOutcome> {
    let isOver = false;
    const over = () => {
      if (!isOver) whenOver?.();
      isOver = true;
    };
    try {
      const input = inputOf(event);
      const payload = payloadOf(requestText(integration, input));
      const outcome = await this.#invoke(integration, route, input, payload, over);
      if (outcome === 'timedOut') return { kind: 'timedOut' };
      return this.#answer(integration, route, input, outcome);
    } catch (error) {
      over();
      logFailure(this.#options.log, integration, route, (error as Error).message);
      return { kind: 'notInvoked' };
    }
  }

  async #invoke(
    integration: LambdaCustomIntegration,
    route: Route,
    input: TemplateInput,
    payload: string,
    over: () => void,
  ): Promise<InvocationOutcome | 'timedOut'> {
    const { invoker, clock, log } = this.#options;
    const { functionName, qualifier, timeoutMillis, parameters } = integration;
    const target = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
    const { headers } = mappedParameters(parameters, input, Object.keys(route.parameters ?? {}));
    if (headers['x-amz-invocation-type'] === 'Event') {
      invoker.invokeAsync(target, payload);
      over();
      return { kind: 'success', requestId: '', payload: '' };
    }
    const subject = `${route.routeKey} ${String(input.context.connectionId)}`;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(timeoutMillis, () => {
        log.warn(
          `${integration.path} did not answer ${route.routeKey} within ${timeoutMillis} ms, the integration's timeout. Its function keeps running.`,
        );
        resolve('timedOut');
      });
      invoker
        .invoke(target, payload, subject)
        .finally(() => {
          alarm.cancel();
          over();
        })
        .then(resolve, reject);
    });
  }

  #answer(
    integration: LambdaCustomIntegration,
    route: Route,
    input: TemplateInput,
    outcome: InvocationOutcome,
  ): IntegrationOutcome {
    const response = responseFor(integration.responses, errorMessageIn(outcome.payload));
    const isError = outcome.kind === 'failure';
    if (!response) {
      if (isError) return { kind: 'failed' };
      if (route.routeKey !== '$connect') return { kind: 'result', result: { statusCode: 200, headers: {} } };
      logFailure(
        this.#options.log,
        integration,
        route,
        'no integration response matches what the function returned',
      );
      return { kind: 'notInvoked' };
    }
    if (isError && route.routeKey === '$connect') return { kind: 'failed' };
    const text = outcome.payload;
    const body = responseText(response, input, { body: text, statusCode: 200, headers: {} }) ?? text;
    return { kind: 'result', result: { statusCode: 200, headers: {}, body } };
  }
}

/** @throws Error if Lambda would not accept it as an event */
function payloadOf(text: string | undefined): string {
  if (text === undefined) throw new Error(NO_TEMPLATE);
  if (text.trim() === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(
      `the request is not JSON, which Lambda needs (${(error as Error).message}): ${text.slice(0, 80)}`,
    );
  }
  return text;
}

/** `$integration.response.body.errorMessage`: empty if the function has not failed. */
function errorMessageIn(payload: string): string {
  try {
    const { errorMessage } = JSON.parse(payload) ?? {};
    return typeof errorMessage === 'string' ? errorMessage : '';
  } catch {
    return '';
  }
}
