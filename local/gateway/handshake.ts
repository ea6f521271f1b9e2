/** Decides on a handshake: the checks in API Gateway's order, and `$connect`, whose status decides. */
import { type IncomingMessage, validateHeaderValue } from 'node:http';
import type { Authorizer, Route } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import { type AccessLog, type Exchange, type IntegrationTrace, integrationTrace } from './access-log';
import type { Address } from './address';
import type { ApiKeys } from './api-keys';
import type { Authorization, Authorizers } from './authorizer';
import { connectHeaders, connectQuery, sourceIp } from './connect-request';
import {
  type CallerIdentity,
  type ConnectionFacts,
  connectContext,
  connectEvent,
  type EventRequest,
} from './events';
import type { Ids } from './ids';
import type { Integrations } from './integrations/integration';
import type { ProxyResult } from './integrations/integration-outcome';
import { inputOf } from './integrations/integration-templates';
import { hasParameter } from './integrations/request-parameters';
import { MAX_URL_CHARACTERS } from './quotas';
import {
  BAD_GATEWAY,
  BAD_HANDSHAKE,
  FORBIDDEN,
  GATEWAY_TIMEOUT,
  INTERNAL_ERROR,
  type Refusal,
  TOO_MANY_REQUESTS,
  URL_TOO_LONG,
} from './refusal';
import type { SignedCallers } from './signed-callers';
import type { Throttles } from './throttles';

/** The handshake may be answered with 101. */
export interface Acceptance {
  facts: ConnectionFacts;
  /**
   * The subprotocol that `$connect` chose, if any. API Gateway negotiates nothing itself, and does not check the
   * choice.
   */
  subprotocol?: string;
}

export interface HandshakeParts {
  authorizers: Authorizers;
  apiKeys: ApiKeys;
  throttles: Throttles;
  integrations: Integrations;
  accessLog: AccessLog;
  ids: Ids;
  clock: Clock;
  log: Log;
  /** For routes that IAM authorizes. @default everybody may connect to them */
  callers?: SignedCallers | undefined;
}

/** What is known so far about a handshake. */
interface Progress {
  facts: ConnectionFacts;
  arrival: EventRequest;
  authorizerMillis?: number;
  integration?: IntegrationTrace;
}

export class Handshake {
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  /** Decides on the response. The connection exists only after that. */
  async decide(
    address: Address | 'unknown' | undefined,
    request: IncomingMessage,
  ): Promise<Acceptance | Refusal> {
    if (!address || address === 'unknown' || address.rest.length > 0) return FORBIDDEN;
    const { clock, ids, accessLog } = this.#parts;
    const { stage, domainName } = address;
    if (`wss://${domainName}${request.url ?? ''}`.length > MAX_URL_CHARACTERS) return URL_TOO_LONG;
    const progress: Progress = {
      facts: this.#facts(address, request),
      arrival: { requestId: ids.requestId(), time: clock.now() },
    };
    const decision = await this.#decide(progress, address, request);
    accessLog.write(stage, () => exchangeOf(progress, decision));
    return decision;
  }

  /** Calls the authorizer and `$connect`, if they exist. */
  async #decide(
    progress: Progress,
    address: Address,
    request: IncomingMessage,
  ): Promise<Acceptance | Refusal> {
    const { stage } = address;
    const { clock, ids, integrations, log, throttles } = this.#parts;
    if (!throttles.admitsHandshake(stage)) return TOO_MANY_REQUESTS;
    const route = stage.connectRoute;
    if (!route) return { facts: progress.facts };
    const traceId = ids.traceId();
    const authorization =
      route.authorizer &&
      (await this.#authorize(route.authorizer, progress.facts, progress.arrival, {
        request,
        address,
        traceId,
      }));
    if (authorization?.kind === 'refused') return authorization.refusal;
    progress.facts = authorized(progress.facts, authorization);
    if (authorization?.kind === 'authorized') progress.authorizerMillis = authorization.integrationLatency;
    if (route.apiKeyRequired && stage.apiKeys) {
      const value =
        stage.apiKeys.source === 'header'
          ? request.headers['x-api-key']?.toString()
          : authorization?.kind === 'authorized'
            ? authorization.usageIdentifierKey
            : undefined;
      const check = this.#parts.apiKeys.check(
        { what: `A handshake with /${stage.stageName}`, stageName: stage.stageName },
        stage.apiKeys,
        value,
      );
      if (check.kind === 'refused') return check.refusal;
      const identity = { apiKey: check.key.value, apiKeyId: check.key.id, ...progress.facts.identity };
      progress.facts = { ...progress.facts, identity };
    }
    const event = connectEvent(
      progress.facts,
      progress.arrival,
      connectHeaders(request, address, traceId),
      connectQuery(request.url ?? ''),
      progress.authorizerMillis,
    );
    const missing = missingParameter(route, event);
    if (missing !== undefined) {
      log.warn(
        `A handshake with /${stage.stageName} is refused, because it lacks the required parameter ${missing}.`,
      );
      return BAD_HANDSHAKE;
    }
    const begun = clock.now();
    const outcome = await integrations.run(route, event, progress.facts.connectionId);
    progress.integration = integrationTrace(outcome, clock.now() - begun);
    if (outcome.kind === 'failed') return BAD_GATEWAY;
    if (outcome.kind === 'timedOut') return GATEWAY_TIMEOUT;
    if (outcome.kind === 'notInvoked') return INTERNAL_ERROR;
    return this.#answer(progress.facts, outcome.result);
  }

  #authorize(
    authorizer: Authorizer,
    facts: ConnectionFacts,
    arrival: EventRequest,
    context: { request: IncomingMessage; address: Address; traceId: string },
  ): Promise<Authorization> | Authorization | Signed {
    if (authorizer.type === 'AWS_IAM') return this.#signed(context.request, facts);
    if (authorizer.type === 'REQUEST')
      return this.#parts.authorizers.authorize(authorizer, facts, arrival, context);
    this.#parts.log.warn(
      `A handshake fails, because the runtime does not run ${authorizer.path}. The list at the start says why.`,
    );
    return { kind: 'refused', refusal: INTERNAL_ERROR };
  }

  #signed(request: IncomingMessage, { stage, identity }: ConnectionFacts): Authorization | Signed {
    if (!this.#parts.callers) return { kind: 'signed', identity };
    const caller = this.#parts.callers.connecting(request, stage);
    if ('status' in caller) return { kind: 'refused', refusal: caller };
    return { kind: 'signed', identity: { ...this.#parts.callers.describe(caller), ...identity } };
  }

  #facts({ stage, domainName }: Address, request: IncomingMessage): ConnectionFacts {
    const userAgent = request.headers['user-agent'];
    return {
      connectionId: this.#parts.ids.connectionId(),
      stage,
      domainName,
      connectedAt: this.#parts.clock.now(),
      identity: { ...(userAgent !== undefined && { userAgent }), sourceIp: sourceIp(request) },
    };
  }

  #answer(facts: ConnectionFacts, { statusCode, headers }: ProxyResult): Acceptance | Refusal {
    if (statusCode > 299) return { status: statusCode };
    const subprotocol = Object.entries(headers).find(
      ([name]) => name.toLowerCase() === 'sec-websocket-protocol',
    )?.[1];
    if (typeof subprotocol !== 'string') return { facts };
    try {
      validateHeaderValue('Sec-WebSocket-Protocol', subprotocol);
    } catch {
      this.#parts.log.warn(
        `$connect of /${facts.stage.stageName} returned a Sec-WebSocket-Protocol that is not a valid header value: ${JSON.stringify(subprotocol)}.`,
      );
      return BAD_GATEWAY;
    }
    return { facts, subprotocol };
  }
}

function exchangeOf(
  { facts, arrival, authorizerMillis, integration }: Progress,
  decision: Acceptance | Refusal,
): Exchange {
  const isRefused = 'status' in decision;
  return {
    context: connectContext(facts, arrival, authorizerMillis),
    // API Gateway logs the status of an accepted handshake as 200.
    status: isRefused ? decision.status : 200,
    ...(isRefused && decision.message !== undefined && { error: { message: decision.message } }),
    ...(integration && { integration }),
    ...(facts.authorizer &&
      authorizerMillis !== undefined && {
        authorizer: { latencyMillis: authorizerMillis, status: 200, context: facts.authorizer },
      }),
  };
}

/** The first of the route's required parameters that the handshake lacks. */
function missingParameter({ parameters }: Route, event: string): string | undefined {
  if (!parameters) return undefined;
  const input = inputOf(JSON.parse(event));
  const required = Object.keys(parameters).filter((source) => parameters[source]?.isRequired);
  return required.find((source) => !hasParameter(source, input));
}

/** A client whose signature IAM has verified. */
interface Signed {
  kind: 'signed';
  identity: CallerIdentity;
}

function authorized(
  open: ConnectionFacts,
  authorization: Authorization | Signed | undefined,
): ConnectionFacts {
  if (authorization?.kind === 'signed') return { ...open, identity: authorization.identity };
  return authorization?.kind === 'authorized' ? { ...open, authorizer: authorization.context } : open;
}
