import type { PresenceNews } from 'shared-connection';
import { SharedConnection } from 'shared-connection';
import { type TestClient, TestService } from 'shared-connection/testing';
import { Host } from '../host/host';
import { QuizServer } from './server';

const QUESTION = { text: '1 + 1?', choices: ['1', '2'] };

describe('the quiz', () => {
  let service: TestService;
  let host: Host;

  beforeEach(() => {
    service = new TestService(QuizServer, { name: 'quiz' });
    host = new Host('math', { backend: service.backend });
  });

  const connect = (sub: string) => service.connect({ authorizer: { sub, name: sub.toUpperCase() } });
  const enter = async (sub: string, since?: object) => {
    const client = await connect(sub);
    await client.send({ type: 'join', room: 'math', ...(since && { since }) });
    return client;
  };
  const settled = () => service.runQueued();
  /** One frame may contain several lines. */
  const texts = ({ received }: TestClient) =>
    received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text));
  const lines = (client: TestClient) => texts(client).flatMap(({ data }) => (data ? [data] : []));
  const presence = (client: TestClient): PresenceNews[] =>
    texts(client).flatMap((frame) => (frame.presence ? [frame.presence] : []));

  it('shows a question and the answers to everyone in the room, in the same order', async () => {
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    await host.ask(QUESTION);
    await settled();
    await ada.send({ type: 'answer', room: 'math', choice: 1 });
    await bob.send({ type: 'answer', room: 'math', choice: 0 });
    const expected = [{ question: QUESTION }, { answer: 1, by: 'ada' }, { answer: 0, by: 'bob' }];
    expect(lines(ada)).toEqual(expected);
    expect(lines(bob)).toEqual(expected);
  });

  it('reveals the last answer of each player, once', async () => {
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    await host.ask(QUESTION);
    for (const choice of [0, 1]) await ada.send({ type: 'answer', room: 'math', choice });
    await bob.send({ type: 'answer', room: 'math', choice: 0 });
    expect(await host.reveal()).toEqual([1, 1]);
    expect(await host.reveal()).toBeUndefined();
    await settled();
    expect(lines(ada).at(-1)).toEqual({ result: [1, 1] });
  });

  it('announces players by name, and who has left', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    expect(presence(bob)[0]).toMatchObject({
      users: [{ user: 'ada', info: { name: 'ADA' } }, { user: 'bob' }],
    });
    await bob.close();
    expect(presence(ada).at(-1)).toMatchObject({ left: ['bob'] });
  });

  it('sends a returning player what they missed', async () => {
    const ada = await enter('ada');
    await host.ask(QUESTION);
    await settled();
    const { epoch, offset } = texts(ada).findLast((frame) => frame.data);
    await ada.close();
    await host.ask({ text: '2 + 2?', choices: ['4', '5'] });
    await settled();
    const back = await enter('ada', { epoch, offset });
    expect(texts(back)).toContainEqual(expect.objectContaining({ recovered: true }));
    expect(lines(back)).toMatchObject([{ question: { text: '2 + 2?' } }]);
  });

  it('refuses an answer from outside the room, and says so', async () => {
    const eve = await connect('eve');
    await eve.send({ type: 'answer', room: 'math', choice: 1 });
    expect(eve.messages).toMatchObject([{ code: 'NotInRoom' }]);
  });

  it('reports where a message is invalid', async () => {
    const ada = await enter('ada');
    await ada.send({ type: 'answer', room: 'math', choice: 'two' });
    expect(ada.messages.at(-1)).toMatchObject({ code: 'InvalidMessage', issues: [{ path: 'choice' }] });
  });

  it('finds a player’s connections from any process', async () => {
    const { webSocketId } = await enter('ada');
    const socket = await SharedConnection.open(webSocketId, { backend: service.backend });
    expect(socket.user).toBe('ada');
    expect(await service.service.channel('quiz/math').presence()).toMatchObject([
      { user: 'ada', connections: 1 },
    ]);
  });
});
