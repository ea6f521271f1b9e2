import { setTimeout as wait } from 'node:timers/promises';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

const LINES = 200;

describe('a dedicated loop with a short function timeout', () => {
  let app: RunningApp;
  /** What its invocations have printed. */
  const printed: string[] = [];

  beforeAll(async () => {
    app = await startApp({
      app: 'test/runtime/sockets-app',
      functionLog: { ...silentFunctionLog, output: ({ text }) => printed.push(text) },
    });
  });
  afterAll(() => app?.stop());
  beforeEach(() => {
    printed.length = 0;
  });

  /** Sends numbered lines, twenty a second. One of them can be replaced. */
  const speak = async (client: SocketClient, others: Record<number, string> = {}) => {
    for (let n = 1; n <= LINES; n++) {
      client.send(others[n] ?? `line ${n}`);
      await wait(50);
    }
  };

  it('answers every line once and in order, through several handovers', async () => {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('loop'));
    const speaking = speak(client);
    const answers = [];
    for (let n = 1; n <= LINES; n++) answers.push(await client.hears());
    expect(answers).toEqual(Array.from({ length: LINES }, (_, n) => `${n + 1}: line ${n + 1}`));
    expect(printed.filter((text) => text.startsWith('goes on')).length).toBeGreaterThanOrEqual(2);
    await speaking;
    await client.close();
  });

  it('loses no line when its owner crashes, and repeats the one in progress', async () => {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('loop'));
    // Its first owner crashes on this line, before it has handed over.
    await speak(client, { 20: 'die' });
    // The crashed owner's lease lasts half a minute. The first line afterwards restarts the loop.
    await wait(31_000);
    client.send('wake up');
    const answers = new Map<string, number>();
    for (let line = ''; line !== 'wake up'; ) {
      line = String((await client.hears()).split(': ')[1]);
      answers.set(line, (answers.get(line) ?? 0) + 1);
    }
    expect(answers.size).toBe(LINES + 1);
    const repeated = [...answers].filter(([, times]) => times > 1);
    expect(repeated).toEqual([['die', 2]]);
    await client.close();
  });
});
