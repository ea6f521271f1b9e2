/** The path of a client's message: its route, its event, its integration, and the response frame, if any. */
import type { Route } from '../assembly/model';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { Log } from '../log';
import {
  type AccessLog,
  type Exchange,
  type IntegrationTrace,
  integrationTrace,
  statusOf,
} from './access-log';
import { THROTTLED_CLIENTS_ARE_CLOSED } from './assumptions';
import { TOO_MANY_MESSAGES } from './close-codes';
import type { Connection } from './connection';
import {
  BAD_REQUEST_BODY,
  badRequestBodyFrame,
  ENDPOINT_TIMED_OUT,
  errorFrame,
  FORBIDDEN,
  INTERNAL_SERVER_ERROR,
  TOO_MANY_REQUESTS,
} from './error-frames';
import { type MessageRequest, messageContext, messageEvent } from './events';
import type { Ids } from './ids';
import type { Integrations } from './integrations/integration';
import type { IntegrationOutcome } from './integrations/integration-outcome';
import type { GatewayObserver } from './observer';
import type { SizeLimits } from './quotas';
import type { Throttles } from './throttles';

export interface MessageFlowParts {
  integrations: Integrations;
  throttles: Throttles;
  accessLog: AccessLog;
  ids: Ids;
  clock: Clock;
  log: Log;
  nameOf: NameForPeople;
  limits: SizeLimits;
  observer: GatewayObserver;
}

/** The outcome of a message: the frame for the client, if any, and the facts for the access log. */
interface Reply {
  frame?: string | undefined;
  status: number;
  error?: Exchange['error'];
  integration?: IntegrationTrace | undefined;
}

export class MessageFlow {
  readonly #parts: MessageFlowParts;

  constructor(parts: MessageFlowParts) {
    this.#parts = parts;
  }

  /**
   * Starts immediately, even if earlier messages of the connection are still running: API Gateway does not order
   * them.
   */
  async handle(connection: Connection, text: string): Promise<void> {
    const { ids, clock, throttles, accessLog, log, observer } = this.#parts;
    const { stage } = connection;
    const route = stage.routeFor(text);
    const routeKey = route?.routeKey ?? '$default';
    const request = { requestId: ids.requestId(), time: clock.now(), messageId: ids.messageId(), routeKey };
    observer.received(connection, { routeKey, text });
    const refused = (status: number, message: string): Reply => ({
      status,
      error: { message },
      frame: errorFrame(message, connection.connectionId, request.requestId),
    });
    const isThrottled = !throttles.admitsRequest(stage, routeKey);
    let reply: Reply;
    if (isThrottled) {
      reply = refused(429, TOO_MANY_REQUESTS);
    } else if (!route) {
      log.warn(`No route of /${stage.stageName} matches a message, and it has no $default.`);
      reply = refused(403, FORBIDDEN);
    } else if (route.apiKeyRequired && connection.identity.apiKeyId === undefined) {
      log.warn(`${routeKey} requires an API key, and the connection was opened without one.`);
      reply = refused(403, FORBIDDEN);
    } else {
      reply = await this.#reply(connection, route, request, text);
    }
    if (reply.frame !== undefined || reply.status >= 400) {
      const { status, frame } = reply;
      observer.answered(connection, { routeKey, status, frame, latencyMillis: clock.now() - request.time });
    }
    if (reply.frame !== undefined) this.#send(connection, reply.frame);
    accessLog.write(stage, () => ({ context: messageContext(connection, request), ...reply }));
    if (isThrottled && THROTTLED_CLIENTS_ARE_CLOSED) connection.close(TOO_MANY_MESSAGES);
  }

  async #reply(connection: Connection, route: Route, request: MessageRequest, text: string): Promise<Reply> {
    const { integrations, clock, log } = this.#parts;
    const { connectionId } = connection;
    const fault = connection.stage.modelsOf(route)?.faultOf(text);
    if (fault !== undefined) {
      log.warn(`A message does not conform to the models of ${route.routeKey}: ${fault}.`);
      return {
        status: 400,
        error: { message: BAD_REQUEST_BODY, validationErrorString: fault },
        frame: badRequestBodyFrame(connectionId, request.messageId),
      };
    }
    const event = messageEvent(connection, request, text);
    const bytes = event.length;
    connection.beginInvocation(bytes);
    const outcome = await integrations.run(route, event, connectionId, () => connection.endInvocation(bytes));
    const latencyMillis = clock.now() - request.time;
    return {
      status: statusOf(outcome),
      integration: integrationTrace(outcome, latencyMillis),
      ...this.#answer(route, outcome, connection, request.requestId),
    };
  }

  #answer(
    route: Route,
    outcome: IntegrationOutcome,
    { connectionId }: Connection,
    requestId: string,
  ): Pick<Reply, 'frame' | 'error'> & { status?: number } {
    const failed = (message: string) => ({
      error: { message },
      frame: errorFrame(message, connectionId, requestId),
    });
    if (outcome.kind === 'timedOut') return failed(ENDPOINT_TIMED_OUT);
    if (outcome.kind !== 'result') return failed(INTERNAL_SERVER_ERROR);
    const { body } = outcome.result;
    if (!route.returnsResponse || body === undefined) return {};
    const { messageBytes } = this.#parts.limits;
    if (body.length > messageBytes || Buffer.byteLength(body) > messageBytes) {
      this.#parts.log.warn(
        `${this.#integrationName(route)} answered ${route.routeKey} with a body above ${messageBytes} bytes, the limit for a message.`,
      );
      return { ...failed(INTERNAL_SERVER_ERROR), status: 500 };
    }
    return { frame: body };
  }

  #integrationName({ integration }: Route): string {
    return integration.type === 'AWS_PROXY' ? this.#parts.nameOf(integration.functionName) : integration.path;
  }

  #send(connection: Connection, frame: string): void {
    if (connection.send(frame) === 'full') {
      this.#parts.log.warn(
        `The response to ${connection.connectionId} was dropped, because the client does not read.`,
      );
    }
  }
}
