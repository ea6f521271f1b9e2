import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { seededRandom } from '../../local/faults/seeded-random';
import type { HostCall } from './many-connections-host';

const IDLE_CONNECTIONS = 5_000;
/** Connections before the measurement, so that code, threads and heaps are warm. */
const EARLIER_CONNECTIONS = 1_000;
const MOST_KILOBYTES_EACH = 12;
const HANDSHAKES_AT_A_TIME = 50;

/** An hour, with a minute for each second of this machine. */
const TIME_SCALE = 60;
const CHURN_MILLIS = 3_600_000 / TIME_SCALE;
const ROUND_MILLIS = 100;
const NEWCOMERS = 5;
/** What remains of a heap that has grown and shrunk. Connections and rows are counted exactly. */
const MOST_GROWTH_MEGABYTES = 12;

jest.setTimeout(600_000);

class Host {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  static async start(timeScale: number): Promise<{ host: Host; urls: { plain: string; library: string } }> {
    const child = fork(join(__dirname, 'many-connections-host.ts'), [String(timeScale)], {
      // Few arenas, because memory of ended threads in their arenas would count as the runtime's.
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
      execArgv: ['--expose-gc', '--max-semi-space-size=2', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ result }] = await once(child, 'message');
    return { host: new Host(child), urls: result };
  }

  async ask(call: HostCall): Promise<number> {
    const answered = once(this.#process, 'message');
    this.#process.send(call);
    const [{ result }] = await answered;
    return result;
  }

  async until(call: HostCall, wanted: number): Promise<void> {
    while ((await this.ask(call)) !== wanted) await wait(200);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  socket.on('error', () => socket.terminate());
  return socket;
}

async function connectAll(url: string, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  let begun = 0;
  const connector = async () => {
    while (begun++ < count) sockets.push(await connect(url));
  };
  await Promise.all(Array.from({ length: HANDSHAKES_AT_A_TIME }, connector));
  return sockets;
}

describe('The runtime', () => {
  let host: Host | undefined;
  const sockets = new Set<WebSocket>();
  afterEach(() => {
    for (const socket of sockets) socket.terminate();
    sockets.clear();
    host?.kill();
  });

  it(`holds ${IDLE_CONNECTIONS} idle connections in ${MOST_KILOBYTES_EACH} KB each`, async () => {
    const started = await Host.start(1);
    host = started.host;
    const { plain } = started.urls;
    for (const socket of await connectAll(plain, EARLIER_CONNECTIONS)) socket.terminate();
    await host.until('connections', 0);
    const before = await host.ask('memory');
    for (const socket of await connectAll(plain, IDLE_CONNECTIONS)) sockets.add(socket);
    await host.until('connections', IDLE_CONNECTIONS);
    const kilobytes = (((await host.ask('memory')) - before) * 1024) / IDLE_CONNECTIONS;
    console.log(`${kilobytes.toFixed(1)} KB for each of ${IDLE_CONNECTIONS} idle connections`);
    expect(kilobytes).toBeLessThan(MOST_KILOBYTES_EACH);
  });

  it('keeps nothing after an hour of connections that open and close', async () => {
    const started = await Host.start(TIME_SCALE);
    host = started.host;
    const { library } = started.urls;
    const rows = await host.ask('rows');
    const random = seededRandom('an hour of coming and going');
    const counts = { connected: 0, left: 0, vanished: 0, expired: 0 };

    const come = async () => {
      const socket = await connect(library);
      counts.connected += 1;
      sockets.add(socket);
      socket.on('close', (code) => {
        sockets.delete(socket);
        if (code === 1001) counts.expired += 1;
      });
    };
    const act = (socket: WebSocket) => {
      const chance = random();
      if (chance < 0.01) {
        counts.left += 1;
        socket.close(1000);
      } else if (chance < 0.02) {
        counts.vanished += 1;
        socket.terminate();
      } else if (chance < 0.05) socket.send('hello');
    };
    const churn = async (millis: number) => {
      for (const end = Date.now() + millis; Date.now() < end; await wait(ROUND_MILLIS)) {
        await Promise.all(Array.from({ length: NEWCOMERS }, come));
        for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) act(socket);
      }
    };
    const everyoneLeaves = async (here: Host) => {
      for (const socket of sockets) socket.terminate();
      await here.until('connections', 0);
      // Closed marks expire ten minutes later.
      await here.until('rows', rows);
    };

    await churn(CHURN_MILLIS / 4);
    await everyoneLeaves(host);
    const before = await host.ask('memory');
    await churn((3 * CHURN_MILLIS) / 4);
    await everyoneLeaves(host);
    const grown = (await host.ask('memory')) - before;
    console.log(
      `${JSON.stringify(counts)}; memory: ${before.toFixed(0)} MB, then ${grown.toFixed(1)} MB more`,
    );
    expect(counts.expired).toBeGreaterThan(0);
    expect(grown).toBeLessThan(MOST_GROWTH_MEGABYTES);
  });
});
