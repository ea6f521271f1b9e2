/**
 * API Gateway's WebSocket APIs on one machine: takes upgrades and @connections calls from an HTTP server, and runs
 * routes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { WebSocketApi } from '../assembly/model';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import { HalfOpenLines } from '../faults/half-open-lines';
import type { NameForPeople } from '../function-names';
import type { Access } from '../iam/access';
import { API_GATEWAY_SESSION, PERSONAL_CREDENTIALS } from '../iam/identities';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import { Acceptor } from './acceptor';
import { AccessLog } from './access-log';
import { type Address, Addresses } from './address';
import { ApiKeys } from './api-keys';
import { Authorizers } from './authorizer';
import { GOING_AWAY } from './close-codes';
import { ConnectFlow } from './connect-flow';
import { Connection, type ConnectionListener } from './connection';
import { Connections } from './connections';
import { DeployedStage } from './deployed-stage';
import { DisconnectFlow } from './disconnect-flow';
import type { ConnectionFacts } from './events';
import { Handshake } from './handshake';
import { HEAD_TOO_LARGE, hasTooLargeHead } from './head-size';
import { Ids } from './ids';
import { Integrations } from './integrations/integration';
import { ManagementApi } from './management-api';
import { MessageFlow } from './message-flow';
import { type GatewayObserver, NO_OBSERVER } from './observer';
import { type AccountQuotas, AWS_ACCOUNT_QUOTAS, AWS_SIZE_LIMITS, type SizeLimits } from './quotas';
import { FORBIDDEN, Refusals, UPGRADE_REQUIRED } from './refusal';
import { SignedCallers } from './signed-callers';
import { Throttles } from './throttles';

export interface GatewayOptions {
  apis: WebSocketApi[];
  region: string;
  accountId: string;
  invoker: FunctionInvoker;
  clock: Clock;
  /** Measures idle connections and their maximum duration. @default `clock` */
  appTime?: Clock;
  log: Log;
  /** The readable name of a function, for the log. @default its physical name */
  nameOf?: NameForPeople;
  /** Where integrations reach AWS's services. @default nowhere: such calls fail */
  endpoint?: () => { host: string; port: number };
  /** @default none */
  faults?: Faults;
  /** @default AWS's */
  sizeLimits?: SizeLimits;
  /** @default AWS's */
  accountQuotas?: AccountQuotas;
  /** Verifies signatures and permissions. @default any request with a well-formed signature may do everything */
  access?: Access | undefined;
  /** @default none */
  observer?: GatewayObserver;
}

/** Port 9 (discard). */
const NOWHERE = { host: '127.0.0.1', port: 9 };

export class Gateway {
  /** Of the account and its stages, also for other kinds of APIs. */
  readonly throttles: Throttles;
  readonly #clock: Clock;
  readonly #appTime: Clock;
  readonly #log: Log;
  readonly #region: string;
  readonly #sizeLimits: SizeLimits;
  #addresses: Addresses;
  readonly #refusals: Refusals;
  readonly #connects: ConnectFlow;
  readonly #messages: MessageFlow;
  readonly #disconnects: DisconnectFlow;
  readonly #connections = new Connections();
  readonly #management: ManagementApi;
  readonly #listener: ConnectionListener;
  readonly #observer: GatewayObserver;
  readonly #lines: HalfOpenLines | undefined;

  /** @throws UserError if an API's route selection expression is not supported */
  constructor({
    apis,
    region,
    accountId,
    invoker,
    clock,
    appTime = clock,
    log,
    nameOf = (name) => name,
    endpoint = () => NOWHERE,
    faults,
    sizeLimits = AWS_SIZE_LIMITS,
    accountQuotas = AWS_ACCOUNT_QUOTAS,
    access,
    observer = NO_OBSERVER,
  }: GatewayOptions) {
    this.#observer = observer;
    this.#sizeLimits = sizeLimits;
    this.#clock = clock;
    this.#appTime = appTime;
    this.#log = log;
    const ids = new Ids(region, clock);
    this.#region = region;
    this.#addresses = new Addresses(this.#deployed(apis), log);
    this.#refusals = new Refusals(ids, clock);
    const integrations = new Integrations({
      ...{ invoker, clock, log, nameOf, region, endpoint },
      credentialsIn: (roleArn) =>
        access?.credentialsInRole(roleArn, API_GATEWAY_SESSION) ?? PERSONAL_CREDENTIALS,
    });
    const authorizers = new Authorizers({ region, accountId, invoker, clock, log, nameOf });
    const callers = access && new SignedCallers(access);
    const throttles = new Throttles(accountQuotas, clock, log);
    this.throttles = throttles;
    const accessLog = new AccessLog(log);
    const handshake = new Handshake({
      ...{ authorizers, integrations, ids, clock, log },
      ...{ throttles, accessLog, apiKeys: new ApiKeys(clock, log), callers },
    });
    this.#connects = new ConnectFlow({
      ...{ handshake, acceptor: new Acceptor(clock, sizeLimits), refusals: this.#refusals, observer, log },
      onOpen: (facts, ws, socket) => this.#opened(facts, ws, socket),
    });
    this.#messages = new MessageFlow({
      ...{ integrations, ids, clock, log, nameOf, limits: sizeLimits },
      ...{ throttles, accessLog, observer },
    });
    this.#disconnects = new DisconnectFlow({ integrations, accessLog, ids, clock, faults });
    this.#management = new ManagementApi({
      ...{ connections: this.#connections, throttles, ids, clock, limits: sizeLimits, faults },
      ...{ callers, observer },
    });
    this.#lines = faults && new HalfOpenLines(faults, clock);
    this.#listener = {
      onMessage: (connection, text) => this.#watch(this.#messages.handle(connection, text)),
      onEnd: (connection) => this.#connections.remove(connection),
      onClosed: (connection, cause) => {
        this.#lines?.closed(connection);
        observer.closed(connection, cause);
        this.#watch(this.#disconnects.handle(connection, cause));
      },
    };
  }

  /** For the HTTP server's `upgrade` event. Answers every upgrade, even one to no API. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#watch(this.#connects.handle(request, socket, head, this.#addresses));
  }

  /**
   * For the HTTP server's `request` event. Resolves once the request is answered, and rejects if the gateway fails.
   * Returns `undefined` and does nothing if the request is for no API.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const address = this.#addresses.find(request.headers.host, request.url ?? '');
    return address && this.#answer(address, request, response);
  }

  /**
   * Replaces the APIs. Connections stay open if their stage still exists ("Redeploying a stage neither drops
   * connections nor loses messages", as aws/chalice's tests have shown on AWS). Others are closed with 1001.
   * @throws UserError if an API's route selection expression is not supported; then nothing has changed
   */
  redeploy(apis: WebSocketApi[]): void {
    const stages = this.#deployed(apis).map((stage) => {
      const earlier = this.#addresses.twin(stage);
      earlier?.redeploy(stage);
      return earlier ?? stage;
    });
    this.#addresses = new Addresses(stages, this.#log);
    for (const connection of this.#connections.all()) {
      if (!stages.includes(connection.stage)) connection.close(GOING_AWAY);
    }
  }

  /** The open connections, oldest first. */
  get connections(): Connection[] {
    return this.#connections.all();
  }

  /** Closes every connection with 1001, accepts no new one, and resolves once every `$disconnect` has run. */
  async close(): Promise<void> {
    this.#connects.close();
    const disconnected = this.#disconnects.close();
    for (const connection of this.#connections.all()) connection.close(GOING_AWAY);
    await disconnected;
  }

  #deployed(apis: WebSocketApi[]): DeployedStage[] {
    return apis.flatMap((api) => api.stages.map((stage) => new DeployedStage(api, stage, this.#region)));
  }

  async #answer(
    address: Address | 'unknown',
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (hasTooLargeHead(request)) {
      this.#refusals.refuseRequest(response, HEAD_TOO_LARGE);
      return;
    }
    if (address === 'unknown') {
      const { method = '', headers, url = '' } = request;
      this.#addresses.tellOfMissingStage(method, headers.host, url);
      this.#refusals.refuseRequest(response, FORBIDDEN);
      return;
    }
    const [first, connectionId, ...more] = address.rest;
    if (first === '@connections' && connectionId !== undefined && more.length === 0) {
      await this.#management.handle(address.stage, connectionId, request, response);
    } else {
      this.#refusals.refuseRequest(response, request.method === 'GET' ? UPGRADE_REQUIRED : FORBIDDEN);
    }
  }

  #opened(facts: ConnectionFacts, ws: WebSocket, socket: Duplex): void {
    this.#disconnects.opened();
    const connection = new Connection(
      facts,
      ws,
      socket,
      this.#clock,
      this.#listener,
      this.#sizeLimits,
      this.#appTime,
    );
    this.#connections.add(connection);
    this.#observer.opened(connection);
    this.#lines?.opened(connection);
  }

  /** If the gateway has a bug, it logs the error, and only one request or message fails. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#log.error(`The gateway failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}
