/** The path of a client's message: its route, its event, its integration, and the response frame, if any. */
import type { Route } from '../assembly/model';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { Log } from '../log';
import type { Connection } from './connection';
import { ENDPOINT_TIMED_OUT, errorFrame, FORBIDDEN, INTERNAL_SERVER_ERROR } from './error-frames';
import { messageEvent } from './events';
import type { Ids } from './ids';
import type { IntegrationOutcome, Integrations } from './integration';
import type { SizeLimits } from './quotas';

export class MessageFlow {
  readonly #integrations: Integrations;
  readonly #ids: Ids;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #nameOf: NameForPeople;

  readonly #limits: SizeLimits;

  constructor(
    integrations: Integrations,
    ids: Ids,
    clock: Clock,
    log: Log,
    nameOf: NameForPeople,
    limits: SizeLimits,
  ) {
    this.#integrations = integrations;
    this.#ids = ids;
    this.#clock = clock;
    this.#log = log;
    this.#nameOf = nameOf;
    this.#limits = limits;
  }

  /** Starts immediately, whatever else this connection is doing: API Gateway keeps no order among invocations. */
  async handle(connection: Connection, text: string): Promise<void> {
    const requestId = this.#ids.requestId();
    const route = connection.stage.routeFor(text);
    if (!route) {
      this.#log.warn(`No route of /${connection.stage.stageName} matches a message, and it has no $default.`);
      await this.#send(connection, errorFrame(FORBIDDEN, connection.connectionId, requestId));
      return;
    }
    const event = messageEvent(
      connection,
      { requestId, time: this.#clock.now(), messageId: this.#ids.messageId(), routeKey: route.routeKey },
      text,
    );
    const bytes = event.length;
    connection.beginInvocation(bytes);
    const outcome = await this.#integrations.run(route, event, connection.connectionId, () =>
      connection.endInvocation(bytes),
    );
    const frame = this.#answer(route, outcome, connection, requestId);
    if (frame !== undefined) await this.#send(connection, frame);
  }

  #answer(
    route: Route,
    outcome: IntegrationOutcome,
    connection: Connection,
    requestId: string,
  ): string | undefined {
    if (outcome.kind === 'timedOut')
      return errorFrame(ENDPOINT_TIMED_OUT, connection.connectionId, requestId);
    const internalError = () => errorFrame(INTERNAL_SERVER_ERROR, connection.connectionId, requestId);
    if (outcome.kind !== 'result') return internalError();
    const { body } = outcome.result;
    if (!route.returnsResponse || body === undefined) return undefined;
    const { messageBytes } = this.#limits;
    if (body.length > messageBytes || Buffer.byteLength(body) > messageBytes) {
      this.#log.warn(
        `${this.#integrationName(route)} answered ${route.routeKey} with a body above ${messageBytes} bytes, the limit of a message.`,
      );
      return internalError();
    }
    return body;
  }

  #integrationName({ integration }: Route): string {
    return integration.type === 'AWS_PROXY' ? this.#nameOf(integration.functionName) : integration.path;
  }

  async #send(connection: Connection, frame: string): Promise<void> {
    if ((await connection.send(frame)) === 'full') {
      this.#log.warn(
        `A response to ${connection.connectionId} is dropped, because the client does not read.`,
      );
    }
  }
}
