/** Centrifuge's clients, unchanged, against a service on the local runtime. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import { buildSync } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { connectionToken } from '../../lib/realtime/token';
import { SECRET } from '../apps/realtime/lobby/secret';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';
import { realtimeScenario, type Surroundings } from './clients/realtime-scenario';
import { RealtimeControl } from './realtime-control';
import { notesOfScenario } from './realtime-notes';

jest.setTimeout(120_000);

/** centrifuge-python cannot send messages without a reply. */
const CANNOT_SEND = { sends: false };
const CLIENTS = join(__dirname, 'clients');
const CACHE = join(__dirname, '../../.cache');

describe('a realtime service', () => {
  let app: RunningApp;
  let control: RealtimeControl | undefined;
  let browser: Browser | undefined;
  let rooms = 0;

  beforeAll(async () => {
    app = await startApp({ app: 'test/apps/realtime' });
  });
  afterEach(async () => {
    await control?.stop();
    control = undefined;
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  const surroundings = async (): Promise<Surroundings> => {
    const { port, pathname: path } = new URL(app.runtime.webSocketUrl('lobby'));
    const room = `public:${++rooms}`;
    control = await RealtimeControl.start({ port: Number(port), path }, room);
    return { webSocketUrl: control.webSocketUrl, controlUrl: control.url, room };
  };

  const program = async (command: string, ...args: string[]): Promise<string[]> => {
    const { webSocketUrl, controlUrl, room } = await surroundings();
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8' };
    const given = [...args, webSocketUrl, controlUrl, room];
    const { stdout } = await promisify(execFile)(command, given, { env, timeout: 60_000 });
    return stdout.trimEnd().split('\n');
  };

  it('works with centrifuge in Node.js', async () => {
    expect(await realtimeScenario({ ...(await surroundings()), websocket: WebSocket })).toEqual(
      notesOfScenario(),
    );
    await control?.left();
  });

  it('works with centrifuge in Chromium', async () => {
    const { outputFiles } = buildSync({
      entryPoints: [join(CLIENTS, 'realtime-scenario.ts')],
      ...{ bundle: true, write: false, format: 'iife', globalName: 'realtime', platform: 'browser' },
    });
    browser = await chromium.launch(CHROMIUM);
    const page = await browser.newPage();
    // Any page of this machine.
    await page.goto(`${app.runtime.url}/`);
    await page.evaluate(`${outputFiles[0]?.text}; globalThis.realtime = realtime;`);
    const noted = await page.evaluate(
      (given) =>
        (
          globalThis as unknown as { realtime: { realtimeScenario: typeof realtimeScenario } }
        ).realtime.realtimeScenario(given),
      await surroundings(),
    );
    expect(noted).toEqual(notesOfScenario());
    await control?.left();
  });

  it('works with centrifuge-python', async () => {
    const python = join(CACHE, 'python-clients/bin/python');
    expect(await program(python, join(CLIENTS, 'realtime_client.py'))).toEqual(notesOfScenario(CANNOT_SEND));
    await control?.left();
  });

  it('works with centrifuge-go', async () => {
    expect(await program(join(CACHE, 'realtime-go-client'))).toEqual(notesOfScenario());
    await control?.left();
  });

  const connected = async () => {
    const client = new Centrifuge(app.runtime.webSocketUrl('lobby'), {
      ...{ websocket: WebSocket, timeout: 20_000, minReconnectDelay: 20 },
      token: connectionToken({ user: 'ada' }, SECRET),
    });
    client.connect();
    await client.ready(20_000);
    return client;
  };

  describe('with the documentation’s function that publishes in parts', () => {
    const publishInParts = documentedFunction('publishInParts');

    it('delivers 120 KB to a subscriber, with emoji wherever parts end', async () => {
      const [ada, bob] = [await connected(), await connected()];
      const subscription = bob.newSubscription(`public:${++rooms}`);
      const subscribed = new Promise((resolve) => subscription.once('subscribed', resolve));
      const published = new Promise<{ data: unknown }>((resolve) =>
        subscription.once('publication', resolve),
      );
      subscription.subscribe();
      await subscribed;
      const data = { text: `${'😀'.repeat(25_000)}${'"'.repeat(8_000)}` };
      await publishInParts(ada, subscription.channel, data);
      expect((await published).data).toEqual(data);
      for (const client of [ada, bob]) client.disconnect();
    });

    it('tells the publisher what onPublish refuses', async () => {
      const ada = await connected();
      const publishing = publishInParts(ada, 'quiet:1', 'x'.repeat(40_000));
      await expect(publishing).rejects.toMatchObject({ code: 103 });
      ada.disconnect();
    });

    it('tells the publisher what is too large, and keeps the connection', async () => {
      const ada = await connected();
      const publishing = publishInParts(ada, `public:${++rooms}`, 'x'.repeat(150_000));
      await expect(publishing).rejects.toMatchObject({ code: 106 });
      expect(ada.state).toBe('connected');
      ada.disconnect();
    });
  });

  describe('with a client that requests unsupported features', () => {
    it('disconnects it after a frame of more than 32 KB', async () => {
      const client = await connected();
      const disconnected = new Promise((resolve) => client.once('disconnected', resolve));
      client.rpc('sum', 'x'.repeat(33_000)).catch(() => {});
      expect(await disconnected).toMatchObject({ reason: 'message size limit exceeded' });
    });

    it('lets it continue from HTTP streaming to its next transport', async () => {
      const url = app.runtime.webSocketUrl('lobby');
      const client = new Centrifuge(
        [
          { transport: 'http_stream', endpoint: url.replace('ws:', 'http:') },
          { transport: 'websocket', endpoint: url },
        ],
        {
          ...{ websocket: WebSocket, fetch, readableStream: ReadableStream, minReconnectDelay: 20 },
          token: connectionToken({ user: 'ada' }, SECRET),
        },
      );
      const transport = new Promise((resolve) =>
        client.once('connected', (context) => resolve(context.transport)),
      );
      client.connect();
      expect(await transport).toBe('websocket');
      client.disconnect();
    });

    it('lets it load a new state with getState if it cannot recover', async () => {
      const client = await connected();
      const channel = `short:${++rooms}`;
      let epoch = 'of a log that is no more';
      let asked = 0;
      const subscription = client.newSubscription(channel, {
        getState: async () => {
          asked += 1;
          if (asked === 2) {
            const plain = await connected();
            const other = plain.newSubscription(channel);
            const subscribed = new Promise<string>((resolve) =>
              other.once('subscribed', ({ streamPosition }) => resolve(streamPosition?.epoch ?? '')),
            );
            other.subscribe();
            epoch = await subscribed;
            plain.disconnect();
          }
          return { epoch, offset: 0 };
        },
        minResubscribeDelay: 20,
      });
      const subscribed = new Promise((resolve) => subscription.once('subscribed', resolve));
      subscription.subscribe();
      expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true });
      expect(asked).toBe(2);
      client.disconnect();
    });
  });
});

/** As readers copy it. */
function documentedFunction(name: string): (...given: unknown[]) => Promise<unknown> {
  const page = readFileSync(join(__dirname, '../../docs/realtime-clients.md'), 'utf8');
  const [code = ''] = page.match(new RegExp(`async function ${name}\\([\\s\\S]*?\\n}`)) ?? [];
  return new Function(`${code}; return ${name};`)() as (...given: unknown[]) => Promise<unknown>;
}
