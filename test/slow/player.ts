/** A player of the quiz, over a real WebSocket with a real token, that keeps everything it receives. */
import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { PresenceNews } from '../../lib';

interface Told {
  channel: string;
  epoch?: string;
  offset?: number;
  recovered?: boolean;
  data?: Record<string, unknown>;
  presence?: PresenceNews;
  code?: string;
}

export class Player {
  readonly told: Told[] = [];
  readonly #socket: WebSocket;
  #heard: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      // One frame may contain several lines.
      for (const line of String(data).split('\n')) {
        // ministack, an emulator that the app is deployed to, sends a failed function's error as plain text.
        if (line.startsWith('{')) this.told.push(JSON.parse(line));
      }
      this.#heard();
    });
  }

  /** @throws Error if the handshake is refused */
  static async connect(url: string, protocols: string[], options: ClientOptions = {}): Promise<Player> {
    const socket = new WebSocket(url, protocols, options);
    const player = new Player(socket);
    await once(socket, 'open');
    return player;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** The lines of the room, in the order in which they arrived. */
  get lines(): Record<string, unknown>[] {
    return this.told.flatMap(({ data }) => (data ? [data] : []));
  }

  /** Its position in the room's log. */
  get position(): { epoch: string; offset: number } {
    const { epoch = '', offset = 0 } = this.told.findLast((told) => told.epoch !== undefined) ?? {};
    return { epoch, offset };
  }

  /** The users who are there, calculated from a whole list and the differences after it. */
  get present(): string[] {
    const users = new Set<string>();
    const news = this.told.flatMap(({ presence }) => (presence ? [presence] : []));
    for (const one of news.sort((a, b) => a.revision - b.revision)) {
      if ('users' in one) users.clear();
      for (const { user } of 'users' in one ? one.users : one.joined) users.add(user);
      for (const user of 'left' in one ? one.left : []) users.delete(user);
    }
    return [...users].sort();
  }

  /** Waits until the test's timeout. */
  async until(condition: (player: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
