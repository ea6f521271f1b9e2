/** A client over a real WebSocket that keeps the text it receives, and can wait for more. */
import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';

export class SocketClient {
  /** Received texts that were not returned yet, oldest first. */
  readonly #unheard: string[] = [];
  readonly #socket: WebSocket;
  #heard: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      this.#unheard.push(String(data));
      this.#heard();
    });
  }

  static async connect(
    url: string,
    protocols: string[] = [],
    options: ClientOptions = {},
  ): Promise<SocketClient> {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    const client = new SocketClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** The subprotocol that the server has chosen, or ''. */
  get subprotocol(): string {
    return this.#socket.protocol;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Sends one message in fragments of at most this many bytes. */
  sendInFragments(text: string, fragmentBytes: number): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += fragmentBytes) {
      const fin = at + fragmentBytes >= bytes.length;
      this.#socket.send(bytes.subarray(at, at + fragmentBytes), { fin, binary: false });
    }
  }

  /** The next text that was not returned yet. Waits until the test's timeout. */
  async hears(): Promise<string> {
    for (;;) {
      const next = this.#unheard.shift();
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async close(code?: number): Promise<void> {
    const closed = this.closed();
    this.#socket.close(code);
    await closed;
  }

  /** Resolves to the close code. */
  async closed(): Promise<number> {
    const [code] = await once(this.#socket, 'close');
    return code;
  }
}
