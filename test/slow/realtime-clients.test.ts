/** Centrifuge's clients, unchanged, against a service on the local runtime. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';
import { realtimeScenario, type Surroundings } from './clients/realtime-scenario';
import { RealtimeControl } from './realtime-control';
import { notesOfScenario } from './realtime-notes';

jest.setTimeout(120_000);

/** centrifuge-python can send no messages that are not answered. */
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

  it('serves centrifuge in Node.js', async () => {
    expect(await realtimeScenario({ ...(await surroundings()), websocket: WebSocket })).toEqual(
      notesOfScenario(),
    );
    await control?.left();
  });

  it('serves centrifuge in Chromium', async () => {
    const { outputFiles } = buildSync({
      entryPoints: [join(CLIENTS, 'realtime-scenario.ts')],
      ...{ bundle: true, write: false, format: 'iife', globalName: 'realtime', platform: 'browser' },
    });
    browser = await chromium.launch(CHROMIUM);
    const page = await browser.newPage();
    // Whatever is there: it is a page of this machine.
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

  it('serves centrifuge-python', async () => {
    const python = join(CACHE, 'python-clients/bin/python');
    expect(await program(python, join(CLIENTS, 'realtime_client.py'))).toEqual(notesOfScenario(CANNOT_SEND));
    await control?.left();
  });

  it('serves centrifuge-go', async () => {
    expect(await program(join(CACHE, 'realtime-go-client'))).toEqual(notesOfScenario());
    await control?.left();
  });
});
