/** The path of a handshake: its checks, `$connect`, and then a connection or a refusal. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Log } from '../log';
import type { Acceptor } from './acceptor';
import type { Addresses } from './address';
import { sourceIp } from './connect-request';
import type { ConnectionFacts } from './events';
import type { Handshake } from './handshake';
import type { GatewayObserver } from './observer';
import { INTERNAL_ERROR, type Refusals, SHUTTING_DOWN } from './refusal';
import { upgradeFault } from './upgrade-request';

export interface ConnectFlowParts {
  handshake: Handshake;
  acceptor: Acceptor;
  refusals: Refusals;
  observer: GatewayObserver;
  log: Log;
  /** Called as soon as `ws` has taken over the socket. */
  onOpen(facts: ConnectionFacts, ws: WebSocket, socket: Duplex): void;
}

export class ConnectFlow {
  readonly #parts: ConnectFlowParts;
  /** Sockets that wait for the response to their handshake. */
  readonly #opening = new Set<Duplex>();
  #isClosing = false;

  constructor(parts: ConnectFlowParts) {
    this.#parts = parts;
  }

  /** Answers a request to upgrade. If the gateway has a bug, only this handshake fails. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer, addresses: Addresses): Promise<void> {
    try {
      await this.#handle(request, socket, head, addresses);
    } catch (error) {
      this.#opening.delete(socket);
      this.#parts.refusals.refuseUpgrade(socket, INTERNAL_ERROR);
      throw error;
    }
  }

  /** Refuses all handshakes from now on, including those that wait for their response. */
  close(): void {
    this.#isClosing = true;
    for (const socket of this.#opening) this.#parts.refusals.refuseUpgrade(socket, SHUTTING_DOWN);
  }

  async #handle(request: IncomingMessage, socket: Duplex, head: Buffer, addresses: Addresses): Promise<void> {
    const { handshake, acceptor, refusals, observer, log, onOpen } = this.#parts;
    const onError = (): void => {
      socket.destroy();
    };
    socket.on('error', onError);
    const fault = this.#isClosing ? SHUTTING_DOWN : upgradeFault(request);
    if (fault) {
      refusals.refuseUpgrade(socket, fault);
      return;
    }
    this.#opening.add(socket);
    const { headers, url = '' } = request;
    const address = addresses.find(headers.host, url);
    if (!address || address === 'unknown') {
      addresses.tellOfMissingStage('A handshake for', headers.host, url);
    }
    const decision = await handshake.decide(address, request);
    this.#opening.delete(socket);
    if ('status' in decision) {
      const [path = ''] = url.split('?', 1);
      observer.refused({ path, sourceIp: sourceIp(request), status: decision.status });
      if (!this.#isClosing) refusals.refuseUpgrade(socket, decision);
      return;
    }
    const { facts, subprotocol } = decision;
    const ws = acceptor.accept(request, socket, head, subprotocol);
    if (!ws) {
      log.info(`A client of /${facts.stage.stageName} disconnected before $connect had answered.`);
      return;
    }
    onOpen(facts, ws, socket);
    socket.off('error', onError);
  }
}
