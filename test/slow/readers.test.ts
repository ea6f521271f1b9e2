import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Faults } from '../../local/faults/faults';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

const SCRIPT = join(__dirname, '../runtime/reader-process.ts');

/** A process that reads from a socket that it knows only by id. */
class Reader {
  readonly messages: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #began: () => void = () => {};

  constructor(env: NodeJS.ProcessEnv, ...args: string[]) {
    this.#process = spawn(process.execPath, ['--import', 'tsx', SCRIPT, ...args], {
      env: { ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#process, 'close');
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const text: string = JSON.parse(line);
      if (text === 'reading') this.#began();
      else this.messages.push(text);
    });
  }

  begins(): Promise<void> {
    return new Promise((resolve) => {
      this.#began = resolve;
    });
  }

  async ends(): Promise<string[]> {
    await this.#ended;
    return this.messages;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

const READERS = 10;
/** How many messages are on their way into the inbox at a time. */
const UNDER_WAY = 50;
const faults = [
  { what: 'and nothing goes wrong', make: () => undefined },
  { what: 'and one answer in fifty of the table is lost', make: () => new Faults({ 'answer-lost': 0.02 }) },
];

describe.each(faults)('processes that read from a socket, $what', ({ make }) => {
  let app: RunningApp;
  /** Messages that the gateway has passed to the routes function, and that the function has stored. */
  let stored = 0;
  const readers: Reader[] = [];

  beforeAll(async () => {
    const injected = make();
    app = await startApp({
      app: 'test/runtime/sockets-app',
      functionLog: {
        ...silentFunctionLog,
        end: ({ subject }) => void (subject?.startsWith('$default') && stored++),
      },
      ...(injected && { faults: injected }),
    });
  });
  afterAll(async () => {
    for (const reader of readers) reader.kill();
    await app?.stop();
  });

  const connect = async () => {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('inbox'));
    return { client, webSocketId: await client.hears() };
  };
  const startReaders = async (count: number, ...args: string[]) => {
    const started = Array.from({ length: count }, () => new Reader(app.exported, ...args));
    readers.push(...started);
    await Promise.all(started.map((reader) => reader.begins()));
    return started;
  };

  it('receive three messages in order', async () => {
    const { client, webSocketId } = await connect();
    const [reader] = await startReaders(1, webSocketId, '5', '500');
    for (const text of ['one', 'two', 'three']) client.send(text);
    expect(await reader?.ends()).toEqual(['one', 'two', 'three']);
    await client.close();
  });

  it('share a thousand messages among ten of them, none twice and none lost', async () => {
    const { client, webSocketId } = await connect();
    const ten = await startReaders(READERS, webSocketId, '8', '0');
    stored = 0;
    for (let n = 0; n < 1_000; n++) {
      client.send(String(n));
      // Messages that wait longer than the gateway does are dropped, and the client is told.
      if (n % UNDER_WAY === 0) await app.until(async () => stored >= n - UNDER_WAY);
    }
    const shares = await Promise.all(ten.map((reader) => reader.ends()));
    expect(
      shares
        .flat()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    await client.close();
  });

  it('receive messages in order if they are further apart than the settling time', async () => {
    const { client, webSocketId } = await connect();
    const ten = await startReaders(READERS, webSocketId, '8', '250');
    for (let n = 0; n < 40; n++) {
      client.send(String(n));
      await wait(300);
    }
    const shares = (await Promise.all(ten.map((reader) => reader.ends()))).map((share) => share.map(Number));
    for (const share of shares) expect(share).toEqual([...share].sort((a, b) => a - b));
    expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await client.close();
  });
});
