/** The load: clients in this process that connect to a server in another one. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** How many handshakes are in progress at a time. */
const HANDSHAKES_AT_A_TIME = 100;
/** The longest wait for anything in this file. */
const LONGEST_WAIT_MILLIS = 300_000;

export class Crowd {
  readonly #sockets: WebSocket[] = [];
  #received = 0;
  #first: string | undefined;
  #heard: () => void = () => {};

  /** Connects this many clients to the URL. */
  static async connect(url: string, count: number): Promise<Crowd> {
    const crowd = new Crowd();
    let begun = 0;
    const connector = async () => {
      while (begun < count) {
        begun += 1;
        await crowd.#connectOne(url);
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, HANDSHAKES_AT_A_TIME) }, connector));
    return crowd;
  }

  /**
   * Lets the first client send a text, once or several times. Resolves when all clients together have received
   * `count` frames.
   */
  say(text: string, count: number, times = 1): Promise<void> {
    return this.hear(count, () => {
      for (let n = 0; n < times; n += 1) this.#sockets[0]?.send(text);
    });
  }

  /** Resolves when `cause` has finished, and all clients together have received `count` frames since it started. */
  async hear(count: number, cause: () => unknown): Promise<void> {
    this.#received = 0;
    await Promise.all([this.#receive(count), cause()]);
  }

  /** Resolves when as many frames as sockets have arrived: every client has received the server's greeting. */
  greeted(): Promise<void> {
    return this.#receive(this.#sockets.length);
  }

  /** Resolves to the first frame that any client receives. */
  async heard(): Promise<string> {
    while (this.#first === undefined) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#first;
  }

  /** The frames that all clients together have received since the last `say` or `hear` started. */
  get received(): number {
    return this.#received;
  }

  /** Cuts the newest connections immediately, without a close frame. */
  vanish(count = this.#sockets.length): void {
    for (const socket of this.#sockets.splice(this.#sockets.length - count)) socket.terminate();
  }

  async #receive(count: number): Promise<void> {
    const limit = setTimeout(() => this.#sockets[0]?.terminate(), LONGEST_WAIT_MILLIS);
    while (this.#received < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
      if (this.#sockets[0]?.readyState !== WebSocket.OPEN) {
        throw new Error(`${this.#received} of ${count} frames arrived in time.`);
      }
    }
    clearTimeout(limit);
  }

  async #connectOne(url: string): Promise<void> {
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: LONGEST_WAIT_MILLIS });
    socket.on('message', (data) => {
      this.#first ??= String(data);
      this.#received += 1;
      this.#heard();
    });
    await once(socket, 'open');
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#heard());
    this.#sockets.push(socket);
  }
}
