/** The load: clients in this process, connected to a server in another one. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Handshakes under way at a time. */
const HANDSHAKES_AT_A_TIME = 100;
/** Nothing here is waited for any longer. */
const LONGEST_WAIT_MILLIS = 300_000;

export class Crowd {
  readonly #sockets: WebSocket[] = [];
  #received = 0;
  #first: string | undefined;
  #heard: () => void = () => {};

  /** Connects that many clients to the URL. */
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

  /** The first one says something, once or more often; resolves once all together have received `count` frames. */
  say(text: string, count: number, times = 1): Promise<void> {
    return this.hear(count, () => {
      for (let n = 0; n < times; n += 1) this.#sockets[0]?.send(text);
    });
  }

  /** Resolves once `cause` is through, and all together have received `count` frames since it began. */
  async hear(count: number, cause: () => unknown): Promise<void> {
    this.#received = 0;
    await Promise.all([this.#receive(count), cause()]);
  }

  /** Resolves once as many frames have come as there are sockets: where a server greets, each has been greeted. */
  greeted(): Promise<void> {
    return this.#receive(this.#sockets.length);
  }

  /** The first frame that any of them has received, or will. */
  async heard(): Promise<string> {
    while (this.#first === undefined) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#first;
  }

  /** Frames that all together have received since the last `say` or `hear` began. */
  get received(): number {
    return this.#received;
  }

  /** Cuts connections at once, without a word: the last ones that came. */
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
        throw new Error(`${this.#received} of ${count} frames came in time.`);
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
