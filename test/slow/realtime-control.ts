/**
 * The environment of a realtime client in a test: a process that creates tokens, a second client, and a connection
 * that can be cut.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Centrifuge, type Subscription } from 'centrifuge';
import jwt from 'jsonwebtoken';
import { WebSocket } from 'ws';
import { connectionToken, subscriptionToken } from '../../lib/realtime/token';
import { SECRET } from '../apps/realtime/lobby/secret';
import { CuttableProxy } from './cuttable-proxy';

/** The address of a service, and what the handshake needs in addition. */
export interface RealtimeAddress {
  port: number;
  path: string;
  headers?: Record<string, string>;
  /** Whether to wait until Bob is told that Ada has left and joined. @default true */
  awaitsNews?: boolean;
}

export class RealtimeControl {
  /** Joins and leaves of Ada, as Bob receives them. */
  readonly #comingAndGoing: string[] = [];

  private constructor(
    private readonly proxy: CuttableProxy,
    private readonly server: Server,
    private readonly bob: Centrifuge,
    private readonly bobs: Subscription,
    private readonly path: string,
    private readonly awaitsNews: boolean,
  ) {
    bobs.on('join', ({ info }) => this.#comingAndGoing.push(`${info.user} joined`));
    bobs.on('leave', ({ info }) => this.#comingAndGoing.push(`${info.user} left`));
    server.on('request', (request, response) => {
      const answer = (status: number, text: string) => {
        response.writeHead(status, { 'access-control-allow-origin': '*' }).end(text);
      };
      this.#answer(new URL(request.url ?? '', 'http://control')).then(
        (text) => answer(200, text),
        (error: unknown) => answer(500, String(error)),
      );
    });
  }

  static async start(
    { port, path, headers, awaitsNews = true }: RealtimeAddress,
    room: string,
  ): Promise<RealtimeControl> {
    const proxy = await CuttableProxy.before(port);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bob = new Centrifuge(`ws://127.0.0.1:${port}${path}`, {
      websocket: webSocketWith(headers),
      token: connectionToken({ user: 'bob' }, SECRET),
      timeout: 20_000,
    });
    const bobs = bob.newSubscription(room, { joinLeave: true, recoverable: true });
    const control = new RealtimeControl(proxy, server, bob, bobs, path, awaitsNews);
    bobs.subscribe();
    bob.connect();
    await bobs.ready(20_000);
    return control;
  }

  /** Where clients connect, through the proxy that cuts connections. */
  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.proxy.port}${this.path}`;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when Bob has been told that Ada has left. */
  left(): Promise<void> {
    return this.#told('leave', 'ada left');
  }

  async stop(): Promise<void> {
    this.bob.disconnect();
    await this.proxy.close();
    this.server.close();
    this.server.closeAllConnections();
  }

  async #answer({ pathname, searchParams }: URL): Promise<string> {
    const seconds = Number(searchParams.get('seconds'));
    const channel = searchParams.get('channel') ?? '';
    if (pathname === '/expired')
      return jwt.sign({ sub: 'ada', exp: Math.floor(Date.now() / 1_000) - 60 }, SECRET);
    if (pathname === '/connection')
      return connectionToken(
        { user: 'ada', info: { name: 'Ada' }, channels: ['inbox:ada'], seconds },
        SECRET,
      );
    if (pathname === '/subscription') return subscriptionToken({ user: 'ada', channel, seconds }, SECRET);
    if (pathname === '/cut') return this.#cut();
    if (pathname === '/joined') {
      if (!this.awaitsNews) return 'Bob was not asked';
      await this.#told('join', 'ada joined');
      return 'Bob has been told';
    }
    throw new Error(`No such thing: ${pathname}`);
  }

  /** While the client is away, Bob continues to publish. */
  async #cut(): Promise<string> {
    this.proxy.isDown = true;
    this.proxy.cut();
    for (const n of [1, 2, 3]) await this.bobs.publish(`missed ${n}`);
    await this.bob.publish('inbox:ada', 'missed, too');
    // If she came back sooner, her join might be combined with her leave, or neither be sent.
    if (this.awaitsNews) await this.left();
    this.proxy.isDown = false;
    return 'it is whole again';
  }

  async #told(event: 'join' | 'leave', last: string): Promise<void> {
    while (this.#comingAndGoing.at(-1) !== last)
      await new Promise((resolve) => this.bobs.once(event, resolve));
  }
}

/** Node.js's WebSocket with headers in the handshake. */
export function webSocketWith(headers: Record<string, string> | undefined) {
  if (!headers) return WebSocket;
  return class extends WebSocket {
    constructor(url: string) {
      super(url, { headers });
    }
  };
}
