import { notificationsServer } from '../../../functions/notifications/server';
import { Verification } from '../../../functions/notifications/verification';
import type { Verifier } from '../../../functions/notifications/verifier';
import { lambdaContext, messageEvent, type TestClient } from '../../../lib/testing';
import { WaitingService } from './waiting-service';

describe('notifications with a verifier', () => {
  const RIGHT = { User: 'ada', Password: 'right' };
  const WRONG = { User: 'ada', Password: 'wrong' };
  let asked: string[];
  let waiting: WaitingService;
  let client: TestClient;
  let ended: Promise<void>;

  let warnings: jest.SpyInstance;
  afterEach(() => warnings.mockRestore());
  beforeEach(async () => {
    warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
    asked = [];
    const verifier: Verifier = {
      async verify(user, password) {
        asked.push(`${user}:${password}`);
        return user === 'ada' && password === 'right';
      },
    };
    waiting = new WaitingService(notificationsServer({ verifier }));
    ({ client, ended } = await waiting.connect({ topics: 'adt' }));
  });

  const isOpen = () => waiting.service.gateway.isOpen(client.webSocketId);
  const publish = () => waiting.service.service.publish(['all', 'topic/adt'], 'news');

  it('deliver nothing before the sign-in, and everything requested after it', async () => {
    expect(await publish()).toMatchObject({ sent: 0 });
    await client.send(RIGHT);
    await publish();
    expect(client.received).toEqual(['{"Type":"Subscriptions","Topics":["adt"]}', 'news']);
    await waiting.clock.advance(2_000);
    await ended;
    expect(isOpen()).toBe(true);
  });

  it('close the connection of a client that has not signed in by the deadline', async () => {
    await waiting.clock.advance(9_999);
    expect(isOpen()).toBe(true);
    await waiting.clock.advance(1);
    await ended;
    expect(isOpen()).toBe(false);
    expect(client.messages.at(-1)).toMatchObject({
      Type: 'Error',
      Message: expect.stringMatching(/within the time limit/),
    });
  });

  it('read the table at most ten times while they wait', async () => {
    const looks = jest.spyOn(waiting.service.table, 'get');
    await waiting.clock.advance(10_000);
    await ended;
    expect(looks.mock.calls.filter(([{ sk }]) => sk === 'VERIFICATION').length).toBeLessThanOrEqual(10);
  });

  it('subscribe to nothing before the sign-in', async () => {
    await client.send({ Subscribe: ['*'] });
    expect(client.messages).toEqual([
      { Type: 'Error', Message: expect.stringMatching(/sign in before you can subscribe.*first/) },
    ]);
    expect(await publish()).toMatchObject({ sent: 0 });
  });

  it('work as usual after the sign-in, and do not verify again', async () => {
    await client.send(RIGHT);
    await client.send({ Subscribe: ['oru'] });
    await client.send(WRONG);
    expect(client.messages.at(-1)).toEqual({ Type: 'Subscriptions', Topics: ['adt', 'oru'] });
    expect(asked).toEqual(['ada:right']);
  });

  it('accept the right password after two wrong ones', async () => {
    for (const frame of [WRONG, WRONG, RIGHT]) await client.send(frame);
    expect(client.messages.map((frame) => (frame as { Type: string }).Type)).toEqual([
      'Error',
      'Error',
      'Subscriptions',
    ]);
  });

  it('close the connection after the third wrong password, and do not verify again', async () => {
    for (let n = 0; n < 3; n++) await client.send(WRONG);
    expect(isOpen()).toBe(false);
    expect(asked).toHaveLength(3);
    expect(client.messages.at(-1)).toMatchObject({ Message: expect.stringMatching(/no attempts left/) });
  });

  it('count concurrent attempts', async () => {
    const sending = Promise.all(Array.from({ length: 10 }, () => client.send(WRONG)));
    await waiting.clock.advance(5_000);
    await sending;
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('log the user and the address of a refused attempt, escaped and truncated, and never the password', async () => {
    await client.send({ User: `bob\u2028\u202e\n"${'x'.repeat(200)}`, Password: 'hunter2' });
    expect(warnings.mock.calls).toEqual([
      [
        `WebSocket ${client.webSocketId} from "203.0.113.7" was refused as user "bob\\u{2028}\\u{202e}\\n\\"${'x'.repeat(57)}"...: wrong user or password, attempt 1 of 3`,
      ],
    ]);
  });

  describe('limit guesses over many connections', () => {
    let from: string;
    /** Tries one password over a new connection. Returns whether the verifier was called. */
    const tries = async (credentials: object): Promise<boolean> => {
      const { client: guesser } = await waiting.connect();
      const { handlers } = waiting.service;
      const { webSocketId } = guesser;
      const event = messageEvent(JSON.stringify(credentials), { webSocketId, time: waiting.clock.now() });
      event.requestContext.identity.sourceIp = from;
      const before = asked.length;
      await handlers.message(event, lambdaContext());
      await waiting.service.runQueued();
      answer = (guesser.messages.at(-1) as { Message?: string }).Message;
      return asked.length > before;
    };
    let answer: string | undefined;
    const count = async (attempts: Iterable<object>): Promise<number> => {
      let made = 0;
      for (const attempt of attempts) if (await tries(attempt)) made += 1;
      return made;
    };
    const guesses = (length: number) =>
      Array.from({ length }, (_, n) => ({ User: 'ada', Password: `guess ${n}` }));

    beforeEach(() => {
      from = '203.0.113.66';
    });

    it('for the costs in docs/costs.md: two reads and four writes, and four more for a right password', async () => {
      const { table } = waiting.service;
      const { client: guesser } = await waiting.connect();
      const calls = (['get', 'put', 'update', 'delete'] as const).map((name) => jest.spyOn(table, name));
      const made = () => calls.map(({ mock }) => mock.calls.length);
      await guesser.send(WRONG);
      const [gets = 0, ...writes] = made();
      expect([gets, writes.reduce((sum, count) => sum + count)]).toEqual([2, 4]);
      for (const call of calls) call.mockClear();
      await guesser.send({ Ping: 1 });
      await guesser.send(RIGHT);
      const keys = calls.slice(1).flatMap(({ mock }) => mock.calls.map(([{ sk }]) => sk));
      expect(keys.filter((sk) => !/^(CHANNEL|MEMBER)#/.test(sk))).toHaveLength(8);
      for (const call of calls) call.mockRestore();
    });

    it('for a user from one address: six in a quarter of an hour, and then again', async () => {
      expect(await count(guesses(50))).toBe(6);
      expect(answer).toMatch(/^Too many attempts\. Connect again in \d+ (minutes|seconds)\.$/);
      expect(warnings.mock.lastCall?.[0]).toMatch(
        /"203\.0\.113\.66".*"ada": too many attempts for this user and address/,
      );
      expect(await tries(RIGHT)).toBe(false);
      await waiting.clock.advance(15 * 60_000);
      expect(await tries(RIGHT)).toBe(true);
    });

    it('from one address: thirty, whatever the users', async () => {
      expect(await count(Array.from({ length: 60 }, (_, n) => ({ User: `u${n}`, Password: 'x' })))).toBe(30);
    });

    it('without locking out anyone else', async () => {
      await count(guesses(50));
      from = '198.51.100.1';
      expect(await tries(RIGHT)).toBe(true);
    });

    it('for a user from many addresses: ten a minute', async () => {
      const made = [];
      for (let n = 0; n < 30; n++) {
        from = `198.51.100.${n}`;
        made.push(await tries(WRONG));
      }
      expect(made.filter(Boolean)).toHaveLength(10);
      await waiting.clock.advance(60_000);
      from = '198.51.100.99';
      expect(await tries(RIGHT)).toBe(true);
    });

    it('but not for a user from an address that the user has signed in from', async () => {
      from = '192.0.2.1';
      await tries(RIGHT);
      for (let n = 0; n < 30; n++) {
        from = `198.51.100.${n}`;
        await tries(WRONG);
      }
      expect(await tries(RIGHT)).toBe(false);
      from = '192.0.2.1';
      expect(await tries(RIGHT)).toBe(true);
    });

    it('without counting right passwords: a whole office signs in from one address', async () => {
      expect(await count(Array.from({ length: 100 }, () => RIGHT))).toBe(100);
    });

    it('the same for an unknown user', async () => {
      expect(await count(guesses(20).map((guess) => ({ ...guess, User: 'nobody' })))).toBe(6);
    });

    it('for an IPv6 network as one address', async () => {
      let made = 0;
      for (let n = 0; n < 20; n++) {
        from = `2001:db8:0:7::${n.toString(16)}`;
        if (await tries(WRONG)) made += 1;
      }
      expect(made).toBe(6);
    });
  });

  it('leave only the closed mark of a client that has disconnected', async () => {
    await client.send(RIGHT);
    await client.close();
    const left = waiting.service.table.items().filter(({ pk }) => !pk.startsWith('ATTEMPTS#'));
    expect(left).toMatchObject([{ sk: 'CONNECTION', done: true }]);
  });
});

describe('Verification', () => {
  it('creates no mark for a connection that never tried', async () => {
    const { service } = new WaitingService(notificationsServer());
    await new Verification(service.service, 'gone').pass();
    expect(service.table.items()).toEqual([]);
  });
});
