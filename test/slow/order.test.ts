import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(300_000);

const LINES = 200;
const EVERY_MILLISECONDS = 10;

/** Whether the dedicated echo, before any function has run, returns a stream in order. */
async function echoed(): Promise<string[]> {
  const app = await startApp();
  try {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('echo'));
    const heard = (async () => {
      const lines: string[] = [];
      while (lines.length < LINES) {
        const line = await client.hears();
        if (!line.startsWith('Server timed-out')) lines.push(line);
      }
      return lines;
    })();
    for (let n = 0; n < LINES; n++) {
      client.send(`line ${n}`);
      await wait(EVERY_MILLISECONDS);
    }
    const lines = await heard;
    await client.close();
    return lines;
  } finally {
    await app.stop();
  }
}

describe('the dedicated echo, from a cold start', () => {
  const inOrder = Array.from({ length: LINES }, (_, n) => `line ${n}`);

  it.each([1, 2, 3])('keeps the order of 200 lines, 10 ms apart: run %i', async () => {
    expect(await echoed()).toEqual(inOrder);
  });

  it('keeps the order on a machine with busy cores', async () => {
    const busy = [1, 2].map(() => new Worker('for (;;);', { eval: true }));
    try {
      expect(await echoed()).toEqual(inOrder);
    } finally {
      await Promise.all(busy.map((worker) => worker.terminate()));
    }
  });
});
