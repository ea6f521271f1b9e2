/**
 * A channel with a log under stress: posts fail, posters are killed, clients are disconnected and return. In memory,
 * with a clock that skips every wait.
 */
import { Service, WebSocketServer } from '../../lib';
import { sleep } from '../../lib/clock';
import { ConnectionsApiError } from '../../lib/errors';
import { lambdaContext, SkippingClock, type TestClient, TestService } from '../../lib/testing';
import { seededRandom } from '../../local/faults/seeded-random';

const CLIENTS = 200;
const PUBLISHERS = 20;
const LINES = 5_000;
const CHANNEL = 'storm';
const INVOCATION_MILLISECONDS = 29_000;
const KILLED = 0.02;

jest.setTimeout(300_000);

class Storm extends WebSocketServer {
  static override readonly channels = { [CHANNEL]: { log: { size: 10_000, seconds: 86_400 } } };

  override async onClientMessage(text: string): Promise<void> {
    const since = JSON.parse(text);
    await this.subscribe(CHANNEL, since ? { since } : {});
  }
}

interface Heard {
  epoch: string;
  offset: number;
}

/** A client that reconnects whenever its connection has closed, with its last position. */
class Listener {
  readonly offsets: number[] = [];
  connections = 0;
  recoveries = 0;
  lost = 0;
  at: Heard | undefined;
  #client: TestClient | undefined;
  #read = 0;

  constructor(private readonly test: TestService) {}

  get isConnected(): boolean {
    return this.#client !== undefined && this.test.gateway.isOpen(this.#client.webSocketId);
  }

  async stay(): Promise<void> {
    this.#hear();
    if (this.isConnected) return;
    this.#client = await this.test.connect();
    this.#read = 0;
    this.connections += 1;
    await this.#client.send(JSON.stringify(this.at ?? null));
  }

  async leave(): Promise<void> {
    const client = this.#client;
    if (!client || !this.isConnected) return;
    client.vanish();
    this.#hear();
    await this.test.disconnect(client.webSocketId, 1001, '');
  }

  #hear(): void {
    const frames = this.#client?.received.slice(this.#read) ?? [];
    this.#read += frames.length;
    for (const text of frames.flatMap((frame) => frame.split('\n'))) {
      const { epoch, offset, recovered, data } = JSON.parse(text);
      if (recovered === true) this.recoveries += 1;
      if (recovered === false) this.lost += 1;
      if (data !== undefined) this.offsets.push(offset);
      // A recovered position comes before the lines up to it.
      if (data !== undefined || recovered === undefined) this.at = { epoch, offset };
    }
  }
}

describe('a channel with a log under stress', () => {
  beforeEach(() => {
    for (const method of ['log', 'warn', 'error'] as const)
      jest.spyOn(console, method).mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());

  it('delivers exactly the lines of the log to each client, once and in order', async () => {
    const random = seededRandom('storm');
    const clock = new SkippingClock(Date.UTC(2026, 10, 30));
    let stormy = false;
    const test = new TestService(Storm, {
      clock,
      intercept: async ({ operation }, apply) => {
        await sleep(clock, operation === 'POST' ? 20 : 4);
        if (operation !== 'POST' || !stormy) return apply();
        const chance = random();
        if (chance < 0.1) throw new ConnectionsApiError('POST', 429, 'storm');
        if (chance < 0.12) throw new ConnectionsApiError('POST', 500, 'storm');
        // A post that hangs has arrived, or not.
        if (chance < 0.125) apply();
        return chance < 0.13 ? new Promise(() => {}) : apply();
      },
    });

    /** The dependencies of one invocation. After it was killed, no call returns. */
    const invocation = () => {
      const isKilled = stormy && random() < KILLED;
      let calls = isKilled ? Math.floor(random() * 30) : Number.POSITIVE_INFINITY;
      const mortal = <Target extends object>(target: Target): Target =>
        new Proxy(target, {
          get(of, name) {
            const value = Reflect.get(of, name);
            if (typeof value !== 'function') return value;
            return (...given: unknown[]) => (--calls < 0 ? new Promise(() => {}) : value.apply(of, given));
          },
        });
      const { table, connections, invoker } = test.backend;
      const backend = {
        ...test.backend,
        ...{ table: mortal(table), connections: mortal(connections), invoker: mortal(invoker) },
      };
      return new Service('chat', {
        backend,
        serverClass: Storm,
        serverFunction: 'chat-server',
        deadline: clock.now() + INVOCATION_MILLISECONDS - 2_000,
      });
    };

    let over = false;
    const listeners = Array.from({ length: CLIENTS }, () => new Listener(test));
    for (const listener of listeners) await listener.stay();
    stormy = true;
    const acknowledged = new Set<number>();
    let killed = 0;
    const publish = async (publisher: number) => {
      for (let n = 0; n < LINES / PUBLISHERS; n++) {
        const published = invocation()
          .channel(CHANNEL)
          .publish({ publisher, n })
          .then(({ position }) => acknowledged.add(position?.offset ?? 0));
        const isOver = await Promise.race([published, sleep(clock, INVOCATION_MILLISECONDS)]);
        if (!isOver) killed += 1;
        await sleep(clock, 100 + 200 * random());
      }
    };
    const stay = async (listener: Listener) => {
      while (!over) {
        await listener.stay();
        await sleep(clock, 500 + 500 * random());
        if (stormy && random() < 0.005) await listener.leave();
      }
    };
    const lambda = async () => {
      while (!over) {
        await test.runQueued();
        await sleep(clock, 50);
      }
    };
    const sweeps = async () => {
      while (!over) {
        await sleep(clock, 60_000);
        await test.handlers.server({ type: 'sweep' }, lambdaContext());
      }
    };
    const others = [lambda(), sweeps(), ...listeners.map(stay)];
    await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)));
    stormy = false;
    await sleep(clock, 200_000);
    over = true;
    await Promise.all(others);
    for (const listener of listeners) await listener.stay();

    const { lines } = await invocation().channel(CHANNEL).history({ limit: 10_000 });
    const log = lines.map(({ offset }) => offset);
    const counts = listeners.reduce(
      (sum, { connections, recoveries, lost }) => ({
        cuts: sum.cuts + connections - 1,
        recoveries: sum.recoveries + recoveries,
        lost: sum.lost + lost,
      }),
      { cuts: 0, recoveries: 0, lost: 0 },
    );
    process.stdout.write(
      `storm: ${log.length} lines, ${acknowledged.size} acknowledged, ${killed} invocations killed, ${counts.cuts} cut or gone, ${counts.recoveries} recoveries\n`,
    );
    expect([...acknowledged].every((offset) => log.includes(offset))).toBe(true);
    expect(counts.lost).toBe(0);
    for (const { offsets } of listeners) expect(offsets).toEqual(log);
  });
});
