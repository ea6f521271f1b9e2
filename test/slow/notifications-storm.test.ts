import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batch } from '../functions/ingest/incoming';
import { ChatClient } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(300_000);

const FILES = 500;
const SOCKETS = 20;

describe('500 files that are moved into the folder at once', () => {
  const home = mkdtempSync(join(tmpdir(), 'storm-'));
  const incoming = join(home, 'incoming');
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ incomingDirectory: incoming });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(home, { recursive: true });
  });

  const megabytes = () => Math.round(process.memoryUsage().rss / 1024 / 1024);
  const ids = ({ frames }: ChatClient) =>
    frames.flatMap(({ Type, Id }) => (Type === 'Notification' ? [String(Id)] : []));

  it('are received by each of 20 sockets, each once', async () => {
    const url = app.runtime.webSocketUrl('notifications');
    const clients = await Promise.all(Array.from({ length: SOCKETS }, () => ChatClient.connect(url)));
    for (const client of clients) await client.hears('Subscriptions');
    const prepared = join(home, 'prepared');
    mkdirSync(prepared);
    for (let n = 0; n < FILES; n++) writeFileSync(join(prepared, `${n}.hl7`), batch(1));

    const before = megabytes();
    const begun = performance.now();
    for (let n = 0; n < FILES; n++) renameSync(join(prepared, `${n}.hl7`), join(incoming, `${n}.hl7`));
    for (const client of clients) await client.until(() => ids(client).length >= FILES);
    const seconds = (performance.now() - begun) / 1000;

    // Anything that arrives now would be one too many, because all invocations have recorded what they did.
    await app.until(async () => {
      const done = await Promise.all(
        [...new Set(ids(clients[0] as ChatClient))].map((id) => app.rows(`FILE#${id.split('.')[0]}`)),
      );
      return done.flat().filter((item) => item.done === true).length === FILES;
    });
    for (const client of clients) {
      expect(ids(client)).toHaveLength(FILES);
      expect(new Set(ids(client)).size).toBe(FILES);
    }
    const all = FILES * SOCKETS;
    process.stdout.write(
      `${all} notifications in ${seconds.toFixed(1)} s: ${Math.round(all / seconds)} a second, ${Math.round(FILES / seconds)} files a second; the process has ${before} MB before and ${megabytes()} MB after\n`,
    );
    await Promise.all(clients.map((client) => client.close()));
  });
});
