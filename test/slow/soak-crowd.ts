/** Chat clients that connect, set a name, talk, and leave with or without a close, until they are stopped. */
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { seededRandom } from '../../local/faults/seeded-random';

/** One client. It keeps counts and the last list, but not the frames. */
export class SoakClient {
  id: string | undefined;
  users: string[] = [];
  isOpen = false;
  readonly #socket: WebSocket;

  constructor(
    url: string,
    readonly name: string,
    counts: CrowdCounts,
    onEnd: (client: SoakClient) => void,
    onLine: (client: SoakClient, text: string) => void,
  ) {
    this.#socket = new WebSocket(url);
    this.#socket.on('open', () => {
      this.isOpen = true;
      counts.connected += 1;
      this.send({ User: name });
    });
    this.#socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.Type === 'Status') this.id = frame.WSID;
      else if (frame.Type === 'userlist') this.users = frame.Users.map(({ User }: { User: string }) => User);
      else if (frame.Type === 'Chat') {
        counts.heard += 1;
        onLine(this, Buffer.from(frame.Message, 'base64').toString());
      } else if (frame.Type !== 'History') {
        // A function failed, so the request may not have been handled.
        counts.errorFrames += 1;
        this.send({ User: name });
      }
    });
    this.#socket.on('error', () => {
      if (!this.isOpen) counts.refused += 1;
    });
    this.#socket.on('close', () => {
      this.isOpen = false;
      onEnd(this);
    });
  }

  send(message: unknown): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  leave(politely: boolean): void {
    if (politely) this.#socket.close(1000);
    else this.#socket.terminate();
  }
}

export interface CrowdCounts {
  connected: number;
  refused: number;
  said: number;
  /** For each line, the clients that were connected. */
  meant: number;
  heard: number;
  left: number;
  vanished: number;
  errorFrames: number;
}

const ROUND_MILLIS = 100;
/** Probabilities in each round, for each client. */
const LEAVES = 0.008;
const TALKS = 0.004;
const ASKS = 0.004;
/** New clients in one round, so that they do not all connect at the same time. */
const NEWCOMERS = 1;

export class Crowd {
  readonly counts: CrowdCounts = {
    ...{ connected: 0, refused: 0, said: 0, meant: 0, heard: 0, left: 0, vanished: 0, errorFrames: 0 },
  };
  readonly heardBy = new Map<string, SoakClient[]>();
  readonly #clients = new Set<SoakClient>();
  readonly #random: () => number;
  #number = 0;

  constructor(
    private readonly url: string,
    private readonly size: number,
    seed: number,
  ) {
    this.#random = seededRandom(`crowd ${seed}`);
  }

  /** Clients whose socket is open. */
  get live(): SoakClient[] {
    return [...this.#clients].filter(({ isOpen }) => isOpen);
  }

  /** Lets them connect and leave for this long. */
  async churn(milliseconds: number): Promise<void> {
    for (const end = Date.now() + milliseconds; Date.now() < end; await wait(ROUND_MILLIS)) {
      for (let n = 0; n < NEWCOMERS && this.#clients.size < this.size; n++) this.#come();
      for (const client of this.live) this.#act(client);
    }
  }

  say(client: SoakClient, text: string): void {
    this.counts.said += 1;
    this.counts.meant += this.live.length;
    client.send({ Message: Buffer.from(text).toString('base64') });
  }

  disperse(): void {
    for (const client of this.#clients) client.leave(false);
  }

  #come(): void {
    const client = new SoakClient(
      this.url,
      `user ${++this.#number}`,
      this.counts,
      () => this.#clients.delete(client),
      (listener, text) => this.#heard(listener, text),
    );
    this.#clients.add(client);
  }

  #act(client: SoakClient): void {
    const chance = this.#random();
    if (chance < LEAVES) {
      const politely = chance < LEAVES / 2;
      this.counts[politely ? 'left' : 'vanished'] += 1;
      client.leave(politely);
    } else if (chance < LEAVES + TALKS) {
      this.say(client, `line ${this.counts.said}`);
    } else if (chance < LEAVES + TALKS + ASKS) {
      client.send(this.#random() < 0.5 ? { History: 5 } : { Ping: 1 });
    }
  }

  /** Keeps only lines that were requested by name. */
  #heard(listener: SoakClient, text: string): void {
    this.heardBy.get(text)?.push(listener);
  }
}
