import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChatClient } from './chat-client';
import { type RunningApp, startApp } from './running-app';

describe('the chat on the local runtime', () => {
  let app: RunningApp;
  let url: string;

  beforeAll(async () => {
    app = await startApp();
    url = app.runtime.webSocketUrl('chat');
  });
  afterAll(() => app.stop());

  it('lets two users talk', async () => {
    const [ada, bob] = [await ChatClient.connect(url), await ChatClient.connect(url)];
    expect(await ada.hears('Status')).toEqual({
      Type: 'Status',
      Message: expect.any(String),
      WSID: expect.stringMatching(/^[A-Za-z0-9_-]{14}[AQgw]=$/),
    });
    ada.send({ User: 'Ada' });
    for (const client of [ada, bob]) await client.until(() => client.users?.join() === 'Ada');
    ada.send({ Message: 'aGVsbG8=', Author: 'Ada' });
    for (const client of [ada, bob]) {
      expect(await client.hears('Chat')).toEqual({
        Type: 'Chat',
        Message: 'aGVsbG8=',
        Author: 'Ada',
        Sent: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        Id: expect.stringMatching(/^[\w-]+\.1$/),
      });
    }
    await ada.close();
    await bob.until(() => bob.users?.length === 0);
    await bob.close();
  });

  it('refuses a page from another origin, and accepts one from this machine', async () => {
    const stranger = ChatClient.connect(url, { headers: { Origin: 'https://evil.example' } });
    await expect(stranger).rejects.toThrow('403');
    await (await ChatClient.connect(url, { headers: { Origin: 'http://localhost:3001' } })).close();
  });

  it('lets another process, which knows only the id and the exported table, write to a connection and close it', async () => {
    const ada = await ChatClient.connect(url);
    const closed = ada.closed();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(__dirname, 'other-process.ts'), await ada.id()],
      { env: { ...app.exported, CONNECTION_TABLE: app.exported.CHAT_TABLE } },
    );
    expect(stdout.trim()).toBe('127.0.0.1');
    expect(ada.frames.at(-1)).toEqual({ Type: 'Chat', Message: 'aGk=' });
    expect(await closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
  });
});
