/** Measures how many lists each socket receives if many sockets join one room at the same time. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ServerProcess } from '../server-process';

/**
 * How many handshakes are in progress at a time. Each needs an environment of the function, which starts before the
 * first handshake is finished.
 */
const HANDSHAKES_AT_A_TIME = 20;
/** On a busy machine, the response to a handshake may be too late. Then the client tries again. */
const TRIES = 5;
/** A long limit, which only a busy machine needs. */
const LONGEST_WAIT_MILLIS = 240_000;

export interface PresenceCrowd {
  users: number;
  /** The time from the first handshake to the end of the last one. */
  comingSeconds: number;
  /** The most and the fewest lists that a socket received. */
  most: number;
  least: number;
  /** The number of different lists among the sockets' last lists. */
  lastRevisions: number;
  /** The time from the end of the last handshake until every socket had a complete list. */
  toldSeconds: number;
}

interface List {
  revision: number;
  users: unknown[];
  more?: number;
}

/** `start` runs the app. */
export async function measurePresenceCrowd(
  start: string[],
  directory: string,
  { users }: { users: number },
): Promise<PresenceCrowd> {
  const quotas = ['requests=999999999', 'burst=999999999', 'new-connections=999999999'];
  const server = await ServerProcess.start(
    [...start, '--app', 'bench/app', ...quotas.flatMap((quota) => ['--quota', quota])],
    directory,
  );
  const room = new Room(server.url('room'), users);
  try {
    const begun = performance.now();
    await room.fill();
    const filled = performance.now();
    await room.everybodyKnows();
    return {
      ...{
        users,
        comingSeconds: (filled - begun) / 1_000,
        toldSeconds: (performance.now() - filled) / 1_000,
      },
      ...room.counts(),
    };
  } finally {
    room.leave();
    await server.stop();
  }
}

class Room {
  readonly #sockets: WebSocket[] = [];
  readonly #lists = new Map<WebSocket, number>();
  readonly #last = new Map<WebSocket, number>();
  /** The sockets whose last list is complete. */
  readonly #knowing = new Set<WebSocket>();
  #heard: () => void = () => {};

  constructor(
    private readonly url: string,
    private readonly users: number,
  ) {}

  async fill(): Promise<void> {
    let begun = 0;
    const come = async () => {
      while (begun < this.users) {
        begun += 1;
        await this.#comeIn();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.users, HANDSHAKES_AT_A_TIME) }, come));
  }

  async everybodyKnows(): Promise<void> {
    const end = performance.now() + LONGEST_WAIT_MILLIS;
    while (this.#knowing.size < this.users) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`Only ${this.#knowing.size} of ${this.users} have a complete list.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  counts(): Pick<PresenceCrowd, 'most' | 'least' | 'lastRevisions'> {
    const lists = [...this.#lists.values()];
    return {
      most: Math.max(...lists),
      least: Math.min(...lists),
      lastRevisions: new Set(this.#last.values()).size,
    };
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async #comeIn(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#connect();
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  async #connect(): Promise<void> {
    const socket = new WebSocket(this.url, {
      perMessageDeflate: false,
      handshakeTimeout: LONGEST_WAIT_MILLIS,
    });
    socket.on('message', (data) => this.#told(socket, JSON.parse(String(data)).presence));
    await once(socket, 'open');
    this.#sockets.push(socket);
    this.#lists.set(socket, this.#lists.get(socket) ?? 0);
    socket.on('error', () => socket.terminate());
  }

  #told(socket: WebSocket, { revision, users, more = 0 }: List): void {
    this.#lists.set(socket, (this.#lists.get(socket) ?? 0) + 1);
    if (revision < (this.#last.get(socket) ?? 0)) return;
    this.#last.set(socket, revision);
    if (users.length + more === this.users) this.#knowing.add(socket);
    else this.#knowing.delete(socket);
    this.#heard();
  }
}
