import { notificationsServer } from '../../../functions/notifications/server';
import { Verification } from '../../../functions/notifications/verification';
import type { Verifier } from '../../../functions/notifications/verifier';
import type { TestClient } from '../../../lib/testing';
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

  it('deliver nothing before it has passed, and what was asked for after', async () => {
    expect(await publish()).toMatchObject({ sent: 0 });
    await client.send(RIGHT);
    await publish();
    expect(client.received).toEqual(['{"Type":"Subscriptions","Topics":["adt"]}', 'news']);
    await waiting.clock.advance(2_000);
    await ended;
    expect(isOpen()).toBe(true);
  });

  it('close the socket of one that has not passed at the deadline', async () => {
    await waiting.clock.advance(9_999);
    expect(isOpen()).toBe(true);
    await waiting.clock.advance(1);
    await ended;
    expect(isOpen()).toBe(false);
    expect(client.messages.at(-1)).toMatchObject({
      Type: 'Error',
      Message: expect.stringMatching(/in time/),
    });
  });

  it('read the table at most ten times while they wait', async () => {
    const looks = jest.spyOn(waiting.service.table, 'get');
    await waiting.clock.advance(10_000);
    await ended;
    expect(looks.mock.calls.filter(([{ sk }]) => sk === 'VERIFICATION').length).toBeLessThanOrEqual(10);
  });

  it('subscribe to nothing before it has passed', async () => {
    await client.send({ Subscribe: ['*'] });
    expect(client.messages).toEqual([
      { Type: 'Error', Message: expect.stringMatching(/before user and password.*first/) },
    ]);
    expect(await publish()).toMatchObject({ sent: 0 });
  });

  it('obey as usual after it has passed, and ask no more', async () => {
    await client.send(RIGHT);
    await client.send({ Subscribe: ['oru'] });
    await client.send(WRONG);
    expect(client.messages.at(-1)).toEqual({ Type: 'Subscriptions', Topics: ['adt', 'oru'] });
    expect(asked).toEqual(['ada:right']);
  });

  it('take the right password after two wrong ones', async () => {
    for (const frame of [WRONG, WRONG, RIGHT]) await client.send(frame);
    expect(client.messages.map((frame) => (frame as { Type: string }).Type)).toEqual([
      'Error',
      'Error',
      'Subscriptions',
    ]);
  });

  it('close the socket after the third wrong one, and ask no more', async () => {
    for (let n = 0; n < 3; n++) await client.send(WRONG);
    expect(isOpen()).toBe(false);
    expect(asked).toHaveLength(3);
    expect(client.messages.at(-1)).toMatchObject({ Message: expect.stringMatching(/no more attempts/) });
  });

  it('count attempts that come at once', async () => {
    const sending = Promise.all(Array.from({ length: 10 }, () => client.send(WRONG)));
    await waiting.clock.advance(5_000);
    await sending;
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('never log a user or a password', async () => {
    await client.send({ User: 'bob', Password: 'hunter2' });
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls.join()).not.toMatch(/bob|hunter2/);
  });

  it('leave nothing of a client that has gone, but its closed mark', async () => {
    await client.send(RIGHT);
    await client.close();
    expect(waiting.service.table.items()).toMatchObject([{ sk: 'CONNECTION', done: true }]);
  });
});

describe('Verification', () => {
  it('creates no mark of passing for a connection that never tried', async () => {
    const { service } = new WaitingService(notificationsServer());
    await new Verification(service.service, 'gone').pass();
    expect(service.table.items()).toEqual([]);
  });
});
