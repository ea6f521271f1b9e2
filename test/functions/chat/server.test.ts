import { ChatRoom } from '../../../functions/chat/room';
import type { Item } from '../../../lib/table/item';
import { ErrorLog } from '../../../lib/telemetry/error-log';
import { ManualClock, type TestService } from '../../../lib/testing';
import { base64, chatService, frames, lastList } from './chat-harness';

describe('the chat', () => {
  let chat: TestService;
  beforeEach(() => {
    chat = chatService();
  });

  const stored = (sk: string): Item[] => chat.table.items().filter((item) => item.sk.startsWith(sk));

  it('sends a new client its id, and then the list of users', async () => {
    const ada = await chat.connect();
    await ada.send({ User: 'Ada' });
    const bob = await chat.connect();
    expect(bob.messages).toEqual([
      { Type: 'Status', Message: expect.any(String), WSID: bob.webSocketId },
      { Type: 'userlist', Users: [{ User: 'Ada' }], Revision: 1 },
    ]);
  });

  it('sends a line to everyone, including the sender, in the tutorial’s form', async () => {
    chat = chatService({ clock: new ManualClock(Date.UTC(2026, 10, 30, 9, 15, 0, 999)) });
    const ada = await chat.connect();
    const bob = await chat.connect();
    const naming = ada.send({ User: 'Ada' });
    await (chat.clock as ManualClock).advance(250);
    await naming;
    await ada.send({ Message: 'aGVsbG8=', Author: 'Ada' });
    const line = '{"Type":"Chat","Message":"aGVsbG8=","Author":"Ada","Sent":"2026-11-30 09:15:01","Id":"…"}';
    for (const client of [ada, bob]) {
      expect(client.received.at(-1)?.replace(/"Id":"[\w-]+\.1"/, '"Id":"…"')).toBe(line);
    }
  });

  it('passes on an old client’s Latin-1 byte for byte, and any Unicode', async () => {
    const ada = await chat.connect();
    const latin1 = Buffer.from('Grüße', 'latin1').toString('base64');
    const unicode = base64('שלום 👩‍👩‍👧 <b>"\'\u0000');
    await ada.send({ Message: latin1, Author: 'unknown' });
    await ada.send({ Message: unicode, Author: 'unknown' });
    expect(frames(ada, 'Chat').map(({ Message }) => Message)).toEqual([latin1, unicode]);
  });

  it('accepts a line without an author from a client that has no alias yet', async () => {
    const ada = await chat.connect();
    await ada.send({ Message: 'aGVsbG8=' });
    expect(frames(ada, 'Chat')).toMatchObject([{ Author: 'unknown' }]);
  });

  it.each([
    ['{}', {}],
    ['{User:""}', { User: '' }],
    ['{User:" "}', { User: '  ' }],
  ])('names a client default if it sends %s', async (_name, frame) => {
    const ada = await chat.connect();
    await ada.send(frame);
    expect(lastList(ada)).toEqual(['default']);
  });

  it('does not respond to a ping', async () => {
    const ada = await chat.connect();
    const before = ada.received.length;
    await ada.send({ Ping: 1 });
    expect(ada.received).toHaveLength(before);
  });

  it('stores messages under increasing numbers, and deletes them after a week', async () => {
    const ada = await chat.connect();
    await ada.send({ Message: base64('one') });
    await ada.send({ Message: base64('two') });
    expect(stored('ENTRY#').map(({ pk, sk, data }) => [pk, sk, JSON.parse(data as string).Message])).toEqual([
      ['LOG#chat#lines', 'ENTRY#000000000000001', base64('one')],
      ['LOG#chat#lines', 'ENTRY#000000000000002', base64('two')],
    ]);
    await (chat.clock as ManualClock).advance(7 * 24 * 3_600_000 + 1_000);
    expect(JSON.parse(await ChatRoom.open('chat', { backend: chat.backend }).history(10)).Messages).toEqual(
      [],
    );
    // For another hour, a delayed poster may still look for them.
    await (chat.clock as ManualClock).advance(3_600_000);
    expect(stored('ENTRY#')).toEqual([]);
  });

  it('sends the lines of many clients to everyone in the same order', async () => {
    const clients = [];
    for (let n = 0; n < 5; n++) clients.push(await chat.connect());
    const lines = clients.flatMap((client, n) =>
      Array.from({ length: 4 }, (_, m) => client.send({ Message: base64(`${n} ${m}`) })),
    );
    await Promise.all(lines);
    await chat.runQueued();
    const heard = clients.map((client) => frames(client, 'Chat').map(({ Id }) => Id));
    expect(heard[0]).toHaveLength(20);
    expect(new Set(heard[0])).toHaveProperty('size', 20);
    for (const ids of heard) expect(ids).toEqual(heard[0]);
  });

  it('stores errors under increasing numbers, without the client’s text', async () => {
    const ada = await chat.connect();
    await ada.send('secret');
    await ada.send('more secret');
    const errors = stored('ENTRY#');
    expect(errors.map(({ pk, sk }) => [pk, sk])).toEqual([
      ['LOG#chat#~errors', 'ENTRY#000000000000001'],
      ['LOG#chat#~errors', 'ENTRY#000000000000002'],
    ]);
    expect(await new ErrorLog(chat.backend, 'chat').newest(1)).toMatchObject([
      { error: 'A message was refused', details: { webSocketId: ada.webSocketId } },
    ]);
    expect(JSON.stringify(errors)).not.toContain('secret');
  });

  it('disconnects a client that may have missed a line, and delivers the line through the history', async () => {
    const ada = await chat.connect();
    await ada.send({ Message: base64('one') });
    chat.gateway.failNextPosts(500);
    await ada.send({ Message: base64('two') });
    expect(chat.gateway.isOpen(ada.webSocketId)).toBe(false);
    const again = await chat.connect();
    await again.send({ History: 50, After: frames(ada, 'Chat').at(-1)?.Id });
    expect(frames(again, 'History')).toMatchObject([{ Messages: [{ Message: base64('two') }] }]);
    await again.send({ Message: base64('three') });
    expect(frames(again, 'Chat')).toMatchObject([{ Message: base64('three') }]);
  });

  it('refuses a flood of messages, and tells the sender once', async () => {
    const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const [ada, bob] = [await chat.connect(), await chat.connect()];
    for (let n = 0; n < 300; n++) await ada.send({ Message: base64('flood') });
    await bob.send({ Message: base64('hello') });
    expect(frames(bob, 'Chat')).toHaveLength(41);
    expect(frames(ada, 'Error')).toEqual([
      { Type: 'Error', Message: expect.stringMatching(/5 messages a second\. Refused: 1\./) },
    ]);
    expect(stored('ENTRY#').filter(({ pk }) => pk === 'LOG#chat#~errors')).toEqual([]);
    warnings.mockRestore();
  });

  it('lets any process send a line as system', async () => {
    const ada = await chat.connect();
    await ChatRoom.open('chat', { backend: chat.backend }).broadcast('Tea is ready ☕');
    expect(frames(ada, 'Chat')).toMatchObject([{ Author: 'system', Message: base64('Tea is ready ☕') }]);
  });

  describe('history', () => {
    const id = (offset: number) => expect.stringMatching(new RegExp(`^[\\w-]+\\.${offset}$`));
    const missedAfter = async (asked: unknown, lines: number, count = 50) => {
      const ada = await chat.connect();
      const room = ChatRoom.open('chat', { backend: chat.backend });
      for (let n = 1; n <= lines; n++) await room.say('Ada', base64(String(n)));
      const [first] = frames(ada, 'Chat') as unknown as { Id: string }[];
      await ada.send({ History: count, After: asked ?? first?.Id });
      const [history] = frames(ada, 'History') as unknown as {
        Messages: { Message: string }[];
        More?: true;
      }[];
      return {
        lines: history?.Messages.map(({ Message }) => Buffer.from(Message, 'base64').toString()),
        more: history?.More,
      };
    };

    it('returns what a reconnecting client has missed since its last line', async () => {
      expect(await missedAfter(undefined, 4)).toEqual({ lines: ['2', '3', '4'], more: undefined });
    });

    it('is empty for a client that has missed nothing', async () => {
      expect(await missedAfter(undefined, 1)).toEqual({ lines: [], more: undefined });
    });

    it('tells a client that was away for longer that there are more lines', async () => {
      expect(await missedAfter(undefined, 6, 3)).toEqual({ lines: ['4', '5', '6'], more: true });
    });

    it('tells the same to a client from before a restart of the chat', async () => {
      expect(await missedAfter('other.1', 2)).toEqual({ lines: ['1', '2'], more: true });
    });

    it('returns the last lines, oldest first, and only to the client that asks', async () => {
      const [ada, bob] = [await chat.connect(), await chat.connect()];
      for (const text of ['one', 'two', 'three']) await ada.send({ Message: base64(text) });
      await bob.send({ History: 2 });
      expect(frames(bob, 'History')).toEqual([
        {
          Type: 'History',
          Messages: [
            { Message: base64('two'), Author: 'unknown', Sent: expect.any(String), Id: id(2) },
            { Message: base64('three'), Author: 'unknown', Sent: expect.any(String), Id: id(3) },
          ],
        },
      ]);
      expect(frames(ada, 'History')).toEqual([]);
    });

    it('is empty at first', async () => {
      const ada = await chat.connect();
      await ada.send({ History: 50 });
      expect(frames(ada, 'History')).toEqual([{ Type: 'History', Messages: [] }]);
    });

    it('returns at most a hundred lines', async () => {
      const ada = await chat.connect();
      const room = ChatRoom.open('chat', { backend: chat.backend });
      for (let n = 0; n < 105; n++) await room.say('Ada', base64(String(n)));
      await ada.send({ History: 1_000_000 });
      const [history] = frames(ada, 'History') as unknown as { Messages: { Message: string }[] }[];
      expect(history?.Messages).toHaveLength(100);
      expect(history?.Messages[0]?.Message).toBe(base64('5'));
    });

    it('stays within the gateway’s frame limit, and prefers the newest lines', async () => {
      const ada = await chat.connect();
      const long = (n: number) => base64(`${n}`.padEnd(40_000, '.'));
      for (let n = 0; n < 5; n++) await ada.send({ Message: long(n) });
      await ada.send({ History: 50 });
      const frame = ada.received.at(-1) as string;
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(131_072);
      const { Messages } = JSON.parse(frame);
      expect(Messages.map(({ Message }: { Message: string }) => Message)).toEqual([long(3), long(4)]);
    });
  });

  describe('returns an error to the sender alone for a frame that it cannot handle', () => {
    const tooLong = 'A'.repeat(131_072 - 40);
    it.each<[string, unknown, RegExp]>([
      ['no JSON', 'hello <b>', /not JSON: "hello <b>"/],
      ['an empty frame', '', /not JSON/],
      ['a JSON text', '"User"', /must be a JSON object/],
      ['null', 'null', /must be a JSON object/],
      ['a list', [{ User: 'Ada' }], /must be a JSON object/],
      ['unknown keys', { Usr: 'Ada' }, /keys "Usr"/],
      ['a User of another type', { User: 7 }, /User must be text, not 7/],
      ['a User that is null', { User: null }, /User must be text, not null/],
      ['a User that is too long', { User: 'x'.repeat(65) }, /64 characters, but has 65/],
      ['a User with control characters', { User: 'a\nb' }, /control characters/],
      ['a User with half a character', '{"User":"\\ud800"}', /invisible characters/],
      ['a Message of another type', { Message: 7 }, /Message must be text in base64, not 7/],
      ['a Message that is no base64', { Message: 'hello!' }, /Message must be text in base64/],
      ['a Message of the wrong length', { Message: 'aGVsbG8' }, /Message must be text in base64/],
      ['an empty Message', { Message: '' }, /Message must be text in base64/],
      ['an Author of another type', { Message: 'aGVsbG8=', Author: {} }, /Author must be text/],
      ['a History of another type', { History: 'all' }, /whole number from 1 to 100, not "all"/],
      ['a History of nothing', { History: 0 }, /whole number/],
      ['a History of a part', { History: 1.5 }, /whole number/],
      ['an After that is no Id', { History: 1, After: 'x' }, /After must be the Id of a line, not "x"/],
      ['an After of another type', { History: 1, After: 7 }, /After must be the Id of a line, not 7/],
      ['a line too long to send on', { Message: tooLong }, /too long/],
    ])('%s', async (_name, frame, message) => {
      const [ada, bob] = [await chat.connect(), await chat.connect()];
      const before = bob.received.length;
      await ada.send(frame);
      expect(frames(ada, 'Error')).toEqual([{ Type: 'Error', Message: expect.stringMatching(message) }]);
      expect(bob.received).toHaveLength(before);
      expect(chat.gateway.isOpen(ada.webSocketId)).toBe(true);
    });

    it('accepts the longest line that the gateway can forward', async () => {
      const ada = await chat.connect();
      const frame = {
        ...{ Type: 'Chat', Message: '', Author: 'unknown', Sent: '2026-11-30 09:15:00' },
        Id: `${'x'.repeat(8)}.${Number.MAX_SAFE_INTEGER}`,
      };
      const room = 131_072 - Buffer.byteLength(JSON.stringify(frame));
      await ada.send({ Message: 'A'.repeat(room - (room % 4)) });
      expect(frames(ada, 'Chat')).toHaveLength(1);
    });
  });
});
