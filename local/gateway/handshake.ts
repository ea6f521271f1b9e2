/**
 * How a connection opens: the order of checks, and `$connect`, whose status decides (the table of statuses is AWS's).
 */
import { type IncomingHttpHeaders, type IncomingMessage, validateHeaderValue } from 'node:http';
import type { Authorizer, Route } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import type { Address } from './address';
import type { Authorization, Authorizers } from './authorizer';
import { connectHeaders, connectQuery, sourceIp } from './connect-request';
import { type CallerIdentity, type ConnectionFacts, connectEvent, type EventRequest } from './events';
import { HEAD_TOO_LARGE, hasTooLargeHead } from './head-size';
import type { Ids } from './ids';
import type { Integrations, ProxyResult } from './integration';
import { inputOf } from './integration-templates';
import { MAX_URL_CHARACTERS } from './quotas';
import {
  BAD_GATEWAY,
  BAD_HANDSHAKE,
  FORBIDDEN,
  GATEWAY_TIMEOUT,
  INTERNAL_ERROR,
  OTHER_VERSION,
  type Refusal,
  UPGRADE_REQUIRED,
  URL_TOO_LONG,
} from './refusal';
import { hasParameter } from './request-parameters';
import type { SignedCallers } from './signed-callers';

/** A handshake that may be answered with 101. */
export interface Acceptance {
  facts: ConnectionFacts;
  /**
   * The subprotocol that `$connect` chose, if any. API Gateway negotiates nothing itself, and does not check the
   * choice.
   */
  subprotocol?: string;
}

/** Headers that may appear only once in a handshake. */
const SINGLE = new Set(['host', 'sec-websocket-key', 'sec-websocket-version']);

/** Why a request to upgrade is not a handshake of RFC 6455 (4.2.1); undefined if it is one. */
export function handshakeFault(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion, headers } = request;
  if (hasTooLargeHead(request)) return HEAD_TOO_LARGE;
  const protocols = (headers.upgrade ?? '').split(',').map((protocol) => protocol.trim().toLowerCase());
  if (!protocols.includes('websocket')) return UPGRADE_REQUIRED;
  if (protocols.length > 1 || method !== 'GET' || httpVersion !== '1.1') return BAD_HANDSHAKE;
  if (hasBody(headers) || repeatsSingle(request.rawHeaders)) return BAD_HANDSHAKE;
  if (headers['sec-websocket-version'] !== '13') return OTHER_VERSION;
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) return BAD_HANDSHAKE;
  return undefined;
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

function repeatsSingle(rawHeaders: string[]): boolean {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

export interface HandshakeOptions {
  authorizers: Authorizers;
  integrations: Integrations;
  ids: Ids;
  clock: Clock;
  log: Log;
  /** Of APIs that IAM guards. @default everybody may connect to them */
  callers?: SignedCallers | undefined;
}

export class Handshake {
  readonly #authorizers: Authorizers;
  readonly #integrations: Integrations;
  readonly #ids: Ids;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #callers: SignedCallers | undefined;

  constructor({ authorizers, integrations, ids, clock, log, callers }: HandshakeOptions) {
    this.#authorizers = authorizers;
    this.#callers = callers;
    this.#integrations = integrations;
    this.#ids = ids;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Calls the authorizer and `$connect`, if they exist, and decides on the response. The connection does not exist
   * before that.
   */
  async decide(
    address: Address | 'unknown' | undefined,
    request: IncomingMessage,
  ): Promise<Acceptance | Refusal> {
    if (!address || address === 'unknown' || address.rest.length > 0) return FORBIDDEN;
    const { stage, domainName } = address;
    const url = request.url ?? '';
    if (`wss://${domainName}${url}`.length > MAX_URL_CHARACTERS) return URL_TOO_LONG;
    const open = this.#facts(address, request);
    if (!stage.connectRoute) return { facts: open };
    const arrival = { requestId: this.#ids.requestId(), time: this.#clock.now() };
    const traceId = this.#ids.traceId();
    const { authorizer } = stage.connectRoute;
    const authorization =
      authorizer && (await this.#authorize(authorizer, open, arrival, { request, address, traceId }));
    if (authorization?.kind === 'refused') return authorization.refusal;
    const facts = authorized(open, authorization);
    const event = connectEvent(
      facts,
      arrival,
      connectHeaders(request, address, traceId),
      connectQuery(url),
      authorization?.kind === 'authorized' ? authorization.integrationLatency : undefined,
    );
    const missing = missingParameter(stage.connectRoute, event);
    if (missing !== undefined) {
      this.#log.warn(`A handshake with /${stage.stageName} is refused: ${missing} is required, but missing.`);
      return BAD_HANDSHAKE;
    }
    const outcome = await this.#integrations.run(stage.connectRoute, event, facts.connectionId);
    if (outcome.kind === 'failed') return BAD_GATEWAY;
    if (outcome.kind === 'timedOut') return GATEWAY_TIMEOUT;
    if (outcome.kind === 'notInvoked') return INTERNAL_ERROR;
    return this.#answer(facts, outcome.result);
  }

  #authorize(
    authorizer: Authorizer,
    facts: ConnectionFacts,
    arrival: EventRequest,
    context: { request: IncomingMessage; address: Address; traceId: string },
  ): Promise<Authorization> | Authorization | Signed {
    if (authorizer.type === 'AWS_IAM') return this.#signed(context.request, facts);
    if (authorizer.type === 'REQUEST')
      return this.#authorizers.authorize(authorizer, facts, arrival, context);
    this.#log.warn(
      `A handshake fails, because ${authorizer.path} is not run. The list at the start says why.`,
    );
    return { kind: 'refused', refusal: INTERNAL_ERROR };
  }

  #signed(request: IncomingMessage, { stage, identity }: ConnectionFacts): Authorization | Signed {
    if (!this.#callers) return { kind: 'signed', identity };
    const caller = this.#callers.connecting(request, stage);
    if ('status' in caller) return { kind: 'refused', refusal: caller };
    return { kind: 'signed', identity: { ...this.#callers.describe(caller), ...identity } };
  }

  #facts({ stage, domainName }: Address, request: IncomingMessage): ConnectionFacts {
    const userAgent = request.headers['user-agent'];
    return {
      connectionId: this.#ids.connectionId(),
      stage,
      domainName,
      connectedAt: this.#clock.now(),
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
      this.#log.warn(
        `$connect of /${facts.stage.stageName} returned a Sec-WebSocket-Protocol that is not a valid header value: ${JSON.stringify(subprotocol)}.`,
      );
      return BAD_GATEWAY;
    }
    return { facts, subprotocol };
  }
}

/** The first required parameter of the route that the handshake lacks. */
function missingParameter({ parameters }: Route, event: string): string | undefined {
  if (!parameters) return undefined;
  const input = inputOf(JSON.parse(event));
  const required = Object.keys(parameters).filter((source) => parameters[source]?.isRequired);
  return required.find((source) => !hasParameter(source, input));
}

/** A client whose signature IAM takes. */
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
