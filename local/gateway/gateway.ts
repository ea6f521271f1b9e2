/**
 * API Gateway's WebSocket APIs on one machine: accepts upgrades and @connections calls from an HTTP server, and runs
 * functions.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketApi } from '../assembly/model';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import { HalfOpenLines } from '../faults/half-open-lines';
import type { NameForPeople } from '../function-names';
import type { Access } from '../iam/access';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import { Acceptor } from './acceptor';
import { AccessLog, integrationTrace, statusOf } from './access-log';
import { type Address, Addresses } from './address';
import { ApiKeys } from './api-keys';
import { Authorizers } from './authorizer';
import { type CloseCause, GOING_AWAY } from './close-codes';
import { sourceIp } from './connect-request';
import { Connection, type ConnectionListener } from './connection';
import { Connections } from './connections';
import { DeployedStage } from './deployed-stage';
import { disconnectContext, disconnectEvent } from './events';
import { type Acceptance, Handshake, handshakeFault } from './handshake';
import { HEAD_TOO_LARGE, hasTooLargeHead } from './head-size';
import { Ids } from './ids';
import { Integrations } from './integration';
import { ManagementApi } from './management-api';
import { MessageFlow } from './message-flow';
import { type GatewayObserver, NO_OBSERVER } from './observer';
import { type AccountQuotas, AWS_ACCOUNT_QUOTAS, AWS_SIZE_LIMITS, type SizeLimits } from './quotas';
import { FORBIDDEN, INTERNAL_ERROR, Refusals, SHUTTING_DOWN, UPGRADE_REQUIRED } from './refusal';
import { SignedCallers } from './signed-callers';
import { Throttles } from './throttles';

export interface GatewayOptions {
  apis: WebSocketApi[];
  region: string;
  accountId: string;
  invoker: FunctionInvoker;
  clock: Clock;
  /** The clock of the limits on a connection's time. @default `clock` */
  appTime?: Clock;
  log: Log;
  /** The readable name of a function, for the log. @default its physical name */
  nameOf?: NameForPeople;
  /** Where AWS's services are, for integrations that call them. @default nowhere: such calls fail */
  endpoint?: () => { host: string; port: number };
  /** @default none */
  faults?: Faults;
  /** @default AWS's */
  sizeLimits?: SizeLimits;
  /** @default AWS's */
  accountQuotas?: AccountQuotas;
  /** Decides who may do what. @default whoever sends what looks like a signature may do everything */
  access?: Access | undefined;
  /** Is told what happens. @default nobody */
  observer?: GatewayObserver;
}

/** Port 9 (discard). */
const NOWHERE = { host: '127.0.0.1', port: 9 };

export class Gateway {
  readonly #clock: Clock;
  readonly #appTime: Clock;
  readonly #log: Log;
  readonly #ids: Ids;
  readonly #region: string;
  readonly #sizeLimits: SizeLimits;
  #addresses: Addresses;
  readonly #refusals: Refusals;
  readonly #integrations: Integrations;
  readonly #handshake: Handshake;
  readonly #acceptor: Acceptor;
  readonly #messages: MessageFlow;
  readonly #connections = new Connections();
  readonly #accessLog: AccessLog;
  readonly #management: ManagementApi;
  readonly #listener: ConnectionListener;
  readonly #observer: GatewayObserver;
  readonly #faults: Faults | undefined;
  readonly #lines: HalfOpenLines | undefined;
  /** Ends the waits of `$disconnect` events that are delivered late. */
  readonly #late = new Set<() => void>();
  /** Sockets whose handshake was not answered yet. */
  readonly #opening = new Set<Duplex>();
  /** Connections whose `$disconnect` has not run yet. */
  #unfinished = 0;
  #closing = false;
  #whenFinished: (() => void)[] = [];

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
    this.#ids = new Ids(region, clock);
    this.#region = region;
    this.#addresses = new Addresses(this.#deployed(apis), log);
    this.#refusals = new Refusals(this.#ids, clock);
    this.#integrations = new Integrations({ invoker, clock, log, nameOf, region, endpoint });
    const authorizers = new Authorizers({ region, accountId, invoker, clock, log, nameOf });
    const callers = access && new SignedCallers(access);
    const throttles = new Throttles(accountQuotas, clock, log);
    const accessLog = new AccessLog(log);
    this.#accessLog = accessLog;
    this.#handshake = new Handshake({
      ...{ authorizers, integrations: this.#integrations, ids: this.#ids, clock, log },
      ...{ throttles, accessLog, apiKeys: new ApiKeys(clock, log), callers },
    });
    this.#acceptor = new Acceptor(clock, sizeLimits);
    this.#messages = new MessageFlow({
      ...{ integrations: this.#integrations, ids: this.#ids, clock, log, nameOf, limits: sizeLimits },
      ...{ throttles, accessLog, observer },
    });
    this.#management = new ManagementApi({
      ...{ connections: this.#connections, throttles, ids: this.#ids, clock, limits: sizeLimits, faults },
      ...{ callers, observer },
    });
    this.#faults = faults;
    this.#lines = faults && new HalfOpenLines(faults, clock);
    this.#listener = {
      onMessage: (connection, text) => this.#watch(this.#messages.handle(connection, text)),
      onEnd: (connection) => this.#connections.remove(connection),
      onClosed: (connection, cause) => {
        this.#lines?.closed(connection);
        observer.closed(connection, cause);
        this.#watch(this.#disconnect(connection, cause));
      },
    };
  }

  /** For the HTTP server's `upgrade` event. Answers every upgrade, even one to no API. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#watch(this.#open(request, socket, head));
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
   * Serves these APIs from now on. Connections of stages that still exist stay open ("Redeploying a stage neither
   * drops connections nor loses messages", observed on AWS by aws/chalice's tests). Others are closed with 1001.
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

  /** The open connections, the newest last. */
  get connections(): Connection[] {
    return this.#connections.all();
  }

  /** Closes every connection with 1001, accepts no new one, and resolves once every `$disconnect` has run. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const socket of this.#opening) this.#refusals.refuseUpgrade(socket, SHUTTING_DOWN);
    for (const connection of this.#connections.all()) connection.close(GOING_AWAY);
    for (const arrive of this.#late) arrive();
    if (this.#unfinished > 0) await new Promise<void>((resolve) => this.#whenFinished.push(resolve));
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

  /** A bug in the gateway ends this handshake, and nothing else. */
  async #open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    try {
      await this.#shakeHands(request, socket, head);
    } catch (error) {
      this.#opening.delete(socket);
      this.#refusals.refuseUpgrade(socket, INTERNAL_ERROR);
      throw error;
    }
  }

  async #shakeHands(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const onError = (): void => {
      socket.destroy();
    };
    socket.on('error', onError);
    const fault = this.#closing ? SHUTTING_DOWN : handshakeFault(request);
    if (fault) {
      this.#refusals.refuseUpgrade(socket, fault);
      return;
    }
    this.#opening.add(socket);
    const { headers, url = '' } = request;
    const address = this.#addresses.find(headers.host, url);
    if (!address || address === 'unknown') {
      this.#addresses.tellOfMissingStage('A handshake for', headers.host, url);
    }
    const decision = await this.#handshake.decide(address, request);
    this.#opening.delete(socket);
    if ('status' in decision) {
      const [path = ''] = url.split('?', 1);
      this.#observer.refused({ path, sourceIp: sourceIp(request), status: decision.status });
      if (!this.#closing) this.#refusals.refuseUpgrade(socket, decision);
    } else if (this.#accept(decision, request, socket, head)) {
      socket.off('error', onError);
    } else {
      this.#log.info(`A client of /${decision.facts.stage.stageName} left before $connect had answered.`);
    }
  }

  #accept(
    { facts, subprotocol }: Acceptance,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): boolean {
    const ws = this.#acceptor.accept(request, socket, head, subprotocol);
    if (!ws) return false;
    this.#unfinished++;
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
    return true;
  }

  async #disconnect(connection: Connection, cause: CloseCause): Promise<void> {
    const route = connection.stage.disconnectRoute;
    if (route && !this.#faults?.strikes('lost-disconnect', connection.connectionId)) {
      const request = { requestId: this.#ids.requestId(), time: this.#clock.now() };
      const event = disconnectEvent(connection, request, cause);
      const delayMillis = this.#faults?.delayMillis('late-disconnect', connection.connectionId) ?? 0;
      if (delayMillis > 0 && !this.#closing) await this.#isLate(delayMillis);
      const begun = this.#clock.now();
      const outcome = await this.#integrations.run(route, event, connection.connectionId);
      const latencyMillis = this.#clock.now() - begun;
      this.#accessLog.write(connection.stage, () => ({
        context: disconnectContext(connection, request, cause),
        status: statusOf(outcome),
        integration: integrationTrace(outcome, latencyMillis),
      }));
    }
    if (--this.#unfinished > 0) return;
    for (const resolve of this.#whenFinished.splice(0)) resolve();
  }

  /** Waits, but only until the gateway closes. */
  #isLate(delayMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const alarm = this.#clock.after(delayMillis, () => arrive());
      const arrive = () => {
        alarm.cancel();
        this.#late.delete(arrive);
        resolve();
      };
      this.#late.add(arrive);
    });
  }

  /** A bug in the gateway ends one request and is logged. It never ends the process. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#log.error(`The gateway failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}
