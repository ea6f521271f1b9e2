import { ChatClient } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

describe('the chat on the local runtime, with a crowd', () => {
  let app: RunningApp;
  let url: string;

  beforeAll(async () => {
    app = await startApp();
    url = app.runtime.webSocketUrl('chat');
  });
  afterAll(() => app.stop());

  it('has every list right when 50 clients change their alias at the same time and leave in random order', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => ChatClient.connect(url)));
    const ids = await Promise.all(clients.map((client) => client.id()));
    for (const [n, client] of clients.entries()) client.send({ User: `user ${n}` });
    const order = clients.map((_, n) => n).sort(() => Math.random() - 0.5);
    const [leaving, staying] = [order.slice(0, 40), order.slice(40)];
    await Promise.all(leaving.map((n) => clients[n]?.close()));

    const expected = staying.map((n) => `user ${n}`).sort();
    for (const n of staying) {
      const client = clients[n] as ChatClient;
      await client.until(() => [...(client.users ?? [])].sort().join() === expected.join());
    }
    const members = await app.rows('CHANNEL#chat#*', 'MEMBER#');
    expect(members.map(({ user }) => user).sort()).toEqual(expected);
    for (const n of leaving) {
      expect(await app.rows(`CONNECTION#${ids[n]}`)).toMatchObject([{ state: 'closed', done: true }]);
    }
    await Promise.all(staying.map((n) => clients[n]?.close()));
  });
});
