/** npm's `centrifuge` under faults: its connection breaks repeatedly, and the gateway fails. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Centrifuge, type PublicationContext, type Subscription } from 'centrifuge';
import { WebSocket } from 'ws';
import { connectionToken } from '../../lib/realtime/token';
import { Faults } from '../../local/faults/faults';
import { seededRandom } from '../../local/faults/seeded-random';
import { SECRET } from '../apps/realtime/lobby/secret';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CuttableProxy } from './cuttable-proxy';

jest.setTimeout(300_000);

const TIMEOUT_MILLISECONDS = 20_000;

/** A client in a channel, and everything that it receives. */
class Listener {
  readonly client: Centrifuge;
  readonly subscription: Subscription;
  readonly heard: PublicationContext[] = [];
  readonly recovered: boolean[] = [];
  /** How often the server has ended its subscription. */
  ended = 0;
  connections = 0;

  constructor(url: string, user: string, channel: string) {
    const token = connectionToken({ user }, SECRET);
    const delays = { minReconnectDelay: 20, maxReconnectDelay: 200 };
    this.client = new Centrifuge(url, {
      websocket: WebSocket,
      token,
      timeout: TIMEOUT_MILLISECONDS,
      ...delays,
    });
    this.subscription = this.client.newSubscription(channel, {
      ...{ recoverable: true, minResubscribeDelay: 20, maxResubscribeDelay: 500 },
    });
    this.client.on('connected', () => this.connections++);
    this.subscription.on('publication', (publication) => this.heard.push(publication));
    this.subscription.on('subscribing', ({ code }) => {
      if (code >= 2_500) this.ended += 1;
    });
    this.subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering) this.recovered.push(recovered);
    });
    this.subscription.subscribe();
    this.client.connect();
  }

  async ready(): Promise<this> {
    await this.subscription.ready(120_000);
    return this;
  }

  get offsets(): number[] {
    return this.heard.map(({ offset }) => offset as number);
  }

  /** Resolves when it has received the line. */
  async hears(offset: number): Promise<void> {
    while ((this.offsets.at(-1) ?? 0) < offset) await once(this.subscription as never, 'publication');
  }
}

describe('centrifuge, in a channel with a log', () => {
  let app: RunningApp;
  let url: URL;
  const faults = new Faults({}, 7);
  const listeners: Listener[] = [];

  beforeAll(async () => {
    app = await startApp({ app: 'test/apps/realtime', faults });
    url = new URL(app.runtime.webSocketUrl('lobby'));
  });
  afterEach(() => {
    for (const { client } of listeners.splice(0)) client.disconnect();
  });
  afterAll(() => app?.stop());

  const listen = (address: string, user: string, channel: string): Listener => {
    const listener = new Listener(address, user, channel);
    listeners.push(listener);
    return listener;
  };
  const throughProxy = ({ port }: CuttableProxy) => `ws://127.0.0.1:${port}${url.pathname}`;

  it('receives each of 1,000 lines once and in order, even if it is disconnected 100 times', async () => {
    const [cuts, lines, channel] = [100, 1_000, 'public:cuts'];
    const random = seededRandom('cuts');
    const proxy = await CuttableProxy.before(Number(url.port));
    const ada = listen(throughProxy(proxy), 'ada', channel);
    const [bob, eve] = [listen(url.href, 'bob', channel), listen(url.href, 'eve', channel)];
    await Promise.all([ada, bob, eve].map((one) => one.ready()));
    const begun = process.cpuUsage();
    const publishers = [bob, eve];
    const talk = (round: number) =>
      Promise.all(
        Array.from({ length: lines / cuts }, (_, n) =>
          publishers[n % 2]?.subscription.publish(`line ${n} of round ${round}`),
        ),
      );
    for (let n = 1; n <= cuts; n++) {
      const talking = talk(n);
      await wait(500 * random());
      proxy.cut();
      await talking;
    }
    await Promise.all([ada, bob, eve].map((one) => one.hears(lines)));
    await proxy.close();
    process.stdout.write(
      `${cuts} cuts in ${secondsSince(begun)} s of the processor: ${ada.connections} connections, ${ada.recovered.length} recoveries, ${ada.heard.length} lines heard\n`,
    );
    expect(ada.offsets).toEqual(Array.from({ length: lines }, (_, n) => n + 1));
    expect(ada.heard.map(({ data }) => data)).toEqual(bob.heard.map(({ data }) => data));
    expect(ada.recovered.filter((recovered) => !recovered)).toEqual([]);
  });

  it('is told that it has lost lines if it was away for longer than the log', async () => {
    const proxy = await CuttableProxy.before(Number(url.port));
    const ada = listen(throughProxy(proxy), 'ada', 'short:1');
    const bob = listen(url.href, 'bob', 'short:1');
    await Promise.all([ada.ready(), bob.ready()]);
    await bob.subscription.publish('heard');
    await ada.hears(1);
    proxy.isDown = true;
    proxy.cut();
    for (let n = 0; n < 9; n++) await bob.subscription.publish('missed');
    proxy.isDown = false;
    await once(ada.subscription as never, 'subscribed');
    await proxy.close();
    expect(ada.recovered).toEqual([false]);
  });

  it('receives each line of two publishers once and in order, as do 49 others, while posts fail', async () => {
    const [lines, channel] = [240, 'public:faults'];
    const crowd = Array.from({ length: 50 }, (_, n) => listen(url.href, `user ${n}`, channel));
    await Promise.all(crowd.map((one) => one.ready()));
    const publishers = [listen(url.href, 'bob', channel), listen(url.href, 'eve', channel)];
    await Promise.all(publishers.map((one) => one.ready()));
    const begun = process.cpuUsage();
    let timeouts = 0;
    faults.switchOn('throttled', 0.05);
    faults.switchOn('post-fails', 0.02);
    faults.switchOn('post-hangs', 0.002);
    await Promise.all(
      publishers.map(async ({ client }, publisher) => {
        for (let n = 0; n < lines / 2; n++) {
          await client.publish(channel, `${publisher} ${n}`).catch(() => timeouts++);
        }
      }),
    );
    const summary = faults.summary();
    for (const { name } of faults.list()) faults.switchOff(name);
    await publishers[0]?.client.publish(channel, 'the last one');
    const last = (await publishers[0]?.subscription.history({ limit: 0 }))?.offset ?? 0;
    await Promise.all(crowd.map((one) => one.hears(last)));
    const log = (await publishers[0]?.subscription.history({ limit: -1 }))?.publications ?? [];
    const sum = (count: (one: Listener) => number) => crowd.reduce((all, one) => all + count(one), 0);
    process.stdout.write(
      `${log.length} lines to ${crowd.length} in ${secondsSince(begun)} s of the processor: ${sum((one) => one.ended)} unsubscribe pushes, ${sum((one) => one.recovered.length)} recoveries, ${sum((one) => one.connections) - crowd.length} reconnections, ${timeouts} publications without an answer. ${summary}\n`,
    );
    const offsets = log.map(({ offset }) => offset);
    for (const one of crowd) expect(one.offsets).toEqual(offsets);
    expect(sum((one) => one.recovered.filter((recovered) => !recovered).length)).toBe(0);
  });
});

/** The delays of clients, gateway and functions. A busy machine does not change them much. */
function secondsSince(begun: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) / 1_000_000).toFixed(0);
}
