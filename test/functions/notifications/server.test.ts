import { notificationsServer } from '../../../functions/notifications/server';
import { TestService } from '../../../lib/testing';

describe('the notifications', () => {
  let service: TestService;
  beforeEach(() => {
    service = new TestService(notificationsServer(), { name: 'notifications' });
  });

  const publish = (topic: string) => service.service.publish(['all', `topic/${topic}`], topic);
  const subscriptions = (...Topics: string[]) => ({ Type: 'Subscriptions', Topics });

  it('send a new client its subscriptions: everything, unless the client chooses otherwise', async () => {
    expect((await service.connect()).messages).toEqual([subscriptions('*')]);
    expect((await service.connect({ query: { topics: '' } })).messages).toEqual([subscriptions('*')]);
    expect((await service.connect({ query: { topics: 'oru,adt, adt' } })).messages).toEqual([
      subscriptions('adt', 'oru'),
    ]);
  });

  it('reach each client that subscribes to the topic or to everything, once', async () => {
    const [all, both, other] = [
      await service.connect(),
      await service.connect({ query: { topics: 'adt,*' } }),
      await service.connect({ query: { topics: 'oru' } }),
    ];
    expect(await publish('adt')).toMatchObject({ sent: 2, failed: 0 });
    expect(all.received.slice(1)).toEqual(['adt']);
    expect(both.received.slice(1)).toEqual(['adt']);
    expect(other.received.slice(1)).toEqual([]);
  });

  it('reach a client that switches from everything to one topic, whenever they arrive', async () => {
    const ada = await service.connect();
    const { table } = service;
    const forget = table.delete.bind(table);
    jest.spyOn(table, 'delete').mockImplementationOnce(async (...asked) => {
      const isForgotten = await forget(...asked);
      await publish('oru');
      return isForgotten;
    });
    await ada.send({ Unsubscribe: ['*'], Subscribe: ['oru'] });
    expect(ada.received).toContain('oru');
  });

  it('reach a client after it subscribes, and no longer after it unsubscribes', async () => {
    const ada = await service.connect({ query: { topics: 'orm' } });
    await ada.send({ Subscribe: ['adt'] });
    await publish('adt');
    await ada.send({ Unsubscribe: ['adt', 'orm'] });
    await publish('adt');
    await publish('orm');
    expect(ada.received.slice(1)).toEqual([
      JSON.stringify(subscriptions('adt', 'orm')),
      'adt',
      JSON.stringify(subscriptions()),
    ]);
  });

  it('treat everything like any other topic', async () => {
    const ada = await service.connect();
    await ada.send({ Subscribe: ['adt'], Unsubscribe: ['*'] });
    expect(ada.messages.at(-1)).toEqual(subscriptions('adt'));
  });

  it('ignore a user and password that are not required, as the article’s client sends them', async () => {
    const ada = await service.connect();
    await ada.send('{"User":"_SYSTEM","Password":"SYS"}');
    expect(ada.messages).toEqual([subscriptions('*'), subscriptions('*')]);
  });

  it('omit bad topics of the query, and report them', async () => {
    const ada = await service.connect({ query: { topics: 'adt,ORU' } });
    expect(ada.messages).toEqual([
      { Type: 'Error', Message: expect.stringMatching(/"ORU".*a-z.*send "adt"/) },
      subscriptions('adt'),
    ]);
    const bob = await service.connect({ query: { topics: 'ORU' } });
    expect(bob.messages.at(-1)).toEqual(subscriptions());
  });

  it('do not respond to a ping', async () => {
    const ada = await service.connect();
    await ada.send({ Ping: 1 });
    expect(ada.messages).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'adt', /3 characters is not JSON.*Send/],
    ['no object', '["adt"]', /must be a JSON object, not a list.*Send/],
    ['nothing known', '{"Topics":["adt"]}', /keys "Topics".*Send/],
    ['an empty object', '{}', /\(none\).*Send/],
    ['no list', '{"Subscribe":"adt"}', /Subscribe must be a list of topics, not "adt".*Send/],
    ['a bad topic', '{"Unsubscribe":["adt","a/b"]}', /Unsubscribe has "a\/b": a topic has 1 to 32/],
    ['a number', '{"Subscribe":[5]}', /Subscribe has 5: a topic/],
    ['a long topic', JSON.stringify({ Subscribe: ['x'.repeat(33)] }), /Subscribe has "x+": a topic/],
    ['no user', '{"Password":"secret"}', /User must be text, and is missing/],
    ['a password that is no text', '{"User":"a","Password":["secret"]}', /Password must be text\. Send/],
    [
      'too many topics',
      JSON.stringify({ Subscribe: Array.from({ length: 26 }, (_, n) => `t${n}`) }),
      /may have 25 topics\. Subscribe lists 26/,
    ],
    [
      'too many in all',
      JSON.stringify({ Subscribe: Array.from({ length: 25 }, (_, n) => `t${n}`) }),
      /may have 25 topics.*would have 26/,
    ],
  ])('respond to %s with an error, and keep the connection open', async (_name, text, message) => {
    const ada = await service.connect();
    await ada.send(text);
    const error = ada.messages.at(-1) as { Type: string; Message: string };
    expect(error).toEqual({ Type: 'Error', Message: expect.stringMatching(message) });
    expect(error.Message).not.toContain('secret');
    await publish('adt');
    expect(ada.received.at(-1)).toBe('adt');
  });

  it('accept as many topics in the query as a connection may have', async () => {
    const topics = Array.from({ length: 26 }, (_, n) => `t${n}`).join();
    const ada = await service.connect({ query: { topics } });
    expect(ada.messages).toMatchObject([
      { Type: 'Error', Message: expect.stringMatching(/has 26, and .* the first 25/) },
      { Type: 'Subscriptions', Topics: { length: 25 } },
    ]);
  });

  it('write as much for a handshake with 200 topics as for one with 25', async () => {
    const writes = async (count: number) => {
      let puts = 0;
      const counted = new TestService(notificationsServer(), {
        name: 'notifications',
        intercept: async (call, apply) => {
          const isMembership = call.operation === 'update' && call.subject.includes(' / CHANNEL#');
          if (call.operation === 'put' || isMembership) puts += 1;
          return apply();
        },
      });
      await counted.connect({ query: { topics: Array.from({ length: count }, (_, n) => `t${n}`).join() } });
      return puts;
    };
    expect(await writes(200)).toBe(await writes(25));
    expect(await writes(200)).toBe(52);
  });

  it('refuse a client that sends too many messages, with one sentence for many messages', async () => {
    const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const ada = await service.connect();
    for (let n = 0; n < 300; n++) await ada.send({ Subscribe: ['adt'] });
    const errors = (ada.messages as { Type: string }[]).filter(({ Type }) => Type === 'Error');
    expect(errors).toEqual([
      { Type: 'Error', Message: expect.stringMatching(/2 messages a second\. Refused: \d+\. Wait/) },
    ]);
    expect(ada.messages).toHaveLength(42);
    warnings.mockRestore();
  });

  it('leave only the closed mark of a client that has disconnected', async () => {
    const ada = await service.connect({ query: { topics: 'adt,oru' } });
    await ada.close();
    expect(service.table.items()).toMatchObject([{ sk: 'CONNECTION', state: 'closed', done: true }]);
  });
});
