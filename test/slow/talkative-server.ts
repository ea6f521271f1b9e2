/** A server that speaks the chat's protocol with one page, faster than any local function could. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

const TICK_MILLIS = 20;

export class TalkativeServer {
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  #said = 0;

  static async start(): Promise<TalkativeServer> {
    const server = new TalkativeServer();
    await once(server.#server, 'listening');
    return server;
  }

  private constructor() {
    this.#server.on('connection', (socket) => {
      socket.send(JSON.stringify({ Type: 'Status', Message: '', WSID: 'flood=' }));
      socket.send(JSON.stringify({ Type: 'userlist', Users: [], Revision: 0 }));
      socket.on('message', (data) => {
        if (String(data).includes('History')) socket.send('{"Type":"History","Messages":[]}');
      });
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sends this many lines, `line 0` and so on, and resolves when the last one is being sent. */
  async say(count: number, perSecond: number): Promise<void> {
    const [first, since] = [this.#said, performance.now()];
    while (this.#said < first + count) {
      const due = first + Math.min(count, Math.ceil(((performance.now() - since) / 1000) * perSecond));
      for (; this.#said < due; this.#said++) this.#send(this.#said);
      await wait(TICK_MILLIS);
    }
  }

  stop(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #send(number: number): void {
    const Message = Buffer.from(`line ${number}`).toString('base64');
    const frame = JSON.stringify({ Type: 'Chat', Message, Author: 'Ada', Sent: '2026-11-30 09:15:00' });
    for (const socket of this.#server.clients) socket.send(frame);
  }
}
