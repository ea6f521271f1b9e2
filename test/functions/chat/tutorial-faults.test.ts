import { ManualClock, type TestService } from '../../../lib/testing';
import { base64, chatService, frames, lastList } from './chat-harness';

describe('the bugs of the tutorial’s implementation', () => {
  let chat: TestService;
  beforeEach(() => {
    chat = chatService();
  });

  it('1: a second alias replaces the first', async () => {
    const ada = await chat.connect();
    await ada.send({ User: 'Ada' });
    await ada.send({ User: 'Countess' });
    expect(lastList(ada)).toEqual(['Countess']);
  });

  it('2: if two users have the same alias, the one who leaves is removed', async () => {
    const [first, between, second] = [await chat.connect(), await chat.connect(), await chat.connect()];
    await first.send({ User: 'Sam' });
    await between.send({ User: 'Ada' });
    await second.send({ User: 'Sam' });
    await second.close();
    expect(lastList(first)).toEqual(['Sam', 'Ada']);
  });

  it('3: concurrent changes of aliases lose nothing', async () => {
    const clients = [];
    for (let n = 0; n < 20; n++) clients.push(await chat.connect());
    await Promise.all(clients.map((client, n) => client.send({ User: `user ${n}` })));
    for (const client of clients) {
      expect(lastList(client)?.sort()).toEqual(clients.map((_, n) => `user ${n}`).sort());
    }
  });

  it('4: a line whose author or text contains "User" is treated as a line', async () => {
    const ada = await chat.connect();
    await ada.send({ Message: base64('User'), Author: 'User "User"' });
    expect(frames(ada, 'Chat')).toHaveLength(1);
    expect(lastList(ada)).toEqual([]);
  });

  it('5: a connection that has gone is removed', async () => {
    const clock = new ManualClock();
    chat = chatService({ clock });
    const [ada, bob] = [await chat.connect(), await chat.connect()];
    bob.vanish();
    await clock.advance(31_000);
    await ada.send({ Message: base64('anyone?') });
    await clock.advance(11 * 60_000);
    expect(chat.table.items().filter(({ pk, sk }) => `${pk}${sk}`.includes(bob.webSocketId))).toEqual([]);
  });

  it('6: an idle connection keeps no invocation running', async () => {
    const clock = new ManualClock();
    chat = chatService({ clock });
    await chat.connect();
    expect(chat.functions.queue).toEqual([]);
    expect(clock.nextAlarm).toBeUndefined();
  });

  it('7: no user can speak under another user’s name', async () => {
    const [ada, mallory] = [await chat.connect(), await chat.connect()];
    await ada.send({ User: 'Ada' });
    await mallory.send({ Message: base64('I am Ada'), Author: 'Ada' });
    expect(frames(ada, 'Chat')).toMatchObject([{ Author: 'unknown' }]);
    await ada.send({ Message: base64('No, I am'), Author: 'Mallory' });
    expect(frames(ada, 'Chat').at(-1)).toMatchObject({ Author: 'Ada' });
  });

  it('8: text outside Latin-1 arrives', async () => {
    const ada = await chat.connect();
    await ada.send({ Message: base64('€ 漢字 😀') });
    const [line] = frames(ada, 'Chat');
    expect(Buffer.from(line?.Message as string, 'base64').toString()).toBe('€ 漢字 😀');
  });

  it('9: a slow client delays no other client', async () => {
    const clock = new ManualClock();
    let slow = '';
    chat = chatService({
      clock,
      intercept: (call, apply) =>
        call.operation === 'POST' && call.subject === slow ? new Promise(() => {}) : Promise.resolve(apply()),
    });
    const clients = [await chat.connect(), await chat.connect(), await chat.connect()] as const;
    slow = clients[0].webSocketId;
    const sending = clients[1].send({ Message: base64('hello') });
    await clock.advance(0);
    expect(frames(clients[1], 'Chat')).toHaveLength(1);
    expect(frames(clients[2], 'Chat')).toHaveLength(1);
    await clock.advance(3_000);
    await sending;
  });

  it('10: a dead connection does not stop delivery to later ones', async () => {
    const clock = new ManualClock();
    chat = chatService({ clock });
    const clients = [];
    for (let n = 0; n < 10; n++) clients.push(await chat.connect());
    await clock.advance(31_000);
    for (const client of clients.slice(0, 5)) client.vanish();
    await clients[9]?.send({ Message: base64('hello') });
    for (const client of clients.slice(5)) expect(frames(client, 'Chat')).toHaveLength(1);
  });
});
