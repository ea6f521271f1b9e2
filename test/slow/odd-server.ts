/** An untrusted server: it sends a page whatever a test wants, and notes what the page sends. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export class OddServer {
  /** The paths of the connections, with their queries. */
  readonly connections: string[] = [];
  readonly received: string[] = [];
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

  static async start(greeting: (socket: WebSocket) => void = () => {}): Promise<OddServer> {
    const server = new OddServer(greeting);
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(greeting: (socket: WebSocket) => void) {
    this.#server.on('connection', (socket, { url = '' }: IncomingMessage) => {
      this.connections.push(url);
      socket.on('message', (data) => this.received.push(String(data)));
      greeting(socket);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/odd`;
  }

  send(frame: string | Buffer): void {
    for (const socket of this.#server.clients) socket.send(frame);
  }

  stop(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}
