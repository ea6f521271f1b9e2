/** A WebSocket client with promises for its frames and its close. */
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions as WsOptions } from 'ws';

export type ClientOptions = WsOptions & { protocols?: string[] };

export class Client {
  readonly ws: WebSocket;
  /** Rejects with the status of the refusal as the message. */
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  refusal: { status: number; headers: IncomingMessage['headers']; body: string } | undefined;
  readonly #received: string[] = [];
  #waiting: ((text: string) => void)[] = [];

  constructor(url: string, { protocols = [], ...options }: ClientOptions) {
    this.ws = new WebSocket(url, protocols, options);
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', reject);
      this.ws.on('unexpected-response', (_, response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => {
          this.refusal = { status: response.statusCode ?? 0, headers: response.headers, body };
          reject(new Error(String(response.statusCode)));
        });
      });
    });
    // A test that awaits only `closed` does not use it.
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.ws.on('message', (data, isBinary) => {
      const text = isBinary ? 'BINARY FRAME' : data.toString();
      const waiting = this.#waiting.shift();
      if (waiting) waiting(text);
      else this.#received.push(text);
    });
  }

  send(data: string | Buffer): void {
    this.ws.send(data);
  }

  next(): Promise<string> {
    const text = this.#received.shift();
    if (text !== undefined) return Promise.resolve(text);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when the gateway has read everything sent so far, because pongs arrive in order. */
  async roundTrip(): Promise<void> {
    const pong = new Promise((resolve) => this.ws.once('pong', resolve));
    this.ws.ping();
    await pong;
  }

  /** Frames that have arrived and were not returned yet. */
  get unread(): readonly string[] {
    return this.#received;
  }

  terminate(): void {
    this.ws.on('error', () => {});
    this.ws.terminate();
  }
}
