/** MOCK integrations: the request template sets the status, which selects the response. */
import type { MockIntegration, Route } from '../../assembly/model/index';
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

const FAILED: IntegrationOutcome = { kind: 'notInvoked' };

export class MockIntegrations {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  answer(integration: MockIntegration, route: Route, event: TemplateEvent): IntegrationOutcome {
    try {
      return this.#answer(integration, route, event);
    } catch (error) {
      return this.#fails(integration, route, `a template failed: ${(error as Error).message}`);
    }
  }

  #answer(integration: MockIntegration, route: Route, event: TemplateEvent): IntegrationOutcome {
    const { request, responses } = integration;
    const isHandshake = route.routeKey === '$connect';
    // An integration without templates, as the CDK creates it. It sends no response.
    const isBare = Object.keys(request.templates).length === 0 && responses.length === 0;
    if (isBare && !isHandshake) return { kind: 'result', result: { statusCode: 200, headers: {} } };
    const input = inputOf(event);
    const text = requestText(integration, input);
    if (text === undefined) {
      return this.#fails(integration, route, NO_TEMPLATE);
    }
    const statusCode = statusOf(text);
    if (statusCode === undefined) {
      const why = 'its request template must return {"statusCode": 200} or another status';
      return this.#fails(integration, route, why);
    }
    const response = responseFor(responses, String(statusCode));
    if (!response) {
      // A message without a response is not an error, but a handshake needs one.
      if (!isHandshake) return { kind: 'result', result: { statusCode, headers: {} } };
      return this.#fails(integration, route, `no integration response matches the status ${statusCode}`);
    }
    const body = responseText(response, input, { body: input.body, statusCode, headers: {} });
    return { kind: 'result', result: { statusCode, headers: {}, ...(body !== undefined && { body }) } };
  }

  #fails(integration: MockIntegration, route: Route, why: string): IntegrationOutcome {
    logFailure(this.#log, integration, route, why);
    return FAILED;
  }
}

/** Like AWS, accepts JSON with unquoted names, which the CDK writes. */
function statusOf(text: string): number | undefined {
  const [, status] = /["']?statusCode["']?\s*:\s*["']?(\d{3})\b/.exec(text) ?? [];
  return status === undefined ? undefined : Number(status);
}
