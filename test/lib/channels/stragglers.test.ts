import { Service, WebSocketServer } from '../../../lib';
import { ManualClock, type TestClient, TestService } from '../../../lib/testing';

/** How long everybody waits for the last few, and how long a post may take. */
const PATIENCE_MILLISECONDS = 1_000;
const POST_MILLISECONDS = 3_000;
/** The poster looks for new lines meanwhile. */
const LOOK_MILLISECONDS = 200;

/** Its clients join, and are told to join again. */
class Board extends WebSocketServer {
  static override readonly channels = { board: { log: { size: 100, seconds: 60 } } };
  static override encodeResubscribe() {
    return '{"again":true}';
  }
  override async onClientMessage(text: string) {
    const { since } = JSON.parse(text);
    await this.subscribe('board', since ? { since } : {});
  }
}

interface Told {
  offset?: number;
  data?: unknown;
  recovered?: boolean;
  again?: boolean;
}

describe('a log with a client that hangs', () => {
  let clock: ManualClock;
  let test: TestService;
  let channel: ReturnType<Service['channel']>;
  let hanging: string | undefined;
  let isBroken = false;
  let answer = (): void => {};
  let ada: TestClient;
  let bob: TestClient;

  const told = ({ received }: TestClient) =>
    received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text) as Told);
  const data = (client: TestClient) => told(client).flatMap((line) => line.data ?? []);
  const memberOf = ({ webSocketId }: TestClient) =>
    test.table
      .items()
      .find(
        ({ pk, sk }) => pk === 'CHANNEL#chat#board' && sk.startsWith('MEMBER#') && sk.endsWith(webSocketId),
      );

  beforeEach(async () => {
    clock = new ManualClock();
    hanging = undefined;
    isBroken = false;
    test = new TestService(Board, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'POST' && subject === hanging) {
          hanging = undefined;
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        }
        if (isBroken && operation === 'delete' && subject.includes('MEMBER#')) throw new Error('throttled');
        return apply();
      },
    });
    channel = new Service('chat', {
      ...{ backend: test.backend, serverClass: Board, serverFunction: 'chat-server' },
    }).channel('board');
    [ada, bob] = [await test.connect(), await test.connect()];
    for (const client of [ada, bob]) await client.send({});
  });

  const whileAdaHangs = async () => {
    hanging = ada.webSocketId;
    const publishing = channel.publish('one');
    await clock.advance(PATIENCE_MILLISECONDS);
    return publishing;
  };

  it('posts the next lines to the others before its post is given up', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    await clock.advance(LOOK_MILLISECONDS);
    expect(data(bob)).toEqual(['one', 'two']);
    await clock.advance(POST_MILLISECONDS);
    await publishing;
  });

  it('tells it to subscribe again when its post is given up, and no line after that one', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    await clock.advance(POST_MILLISECONDS);
    await publishing;
    expect(told(ada)).toEqual([expect.objectContaining({ offset: 0 }), { again: true }]);
    expect(memberOf(ada)).toBeUndefined();
  });

  it('cuts it, too, if it answers late: others may have got lines meanwhile', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await publishing;
    expect(told(ada).slice(1)).toEqual([expect.objectContaining({ data: 'one' }), { again: true }]);
  });

  it('answers it only when nothing is on its way to it any more, if it subscribes again', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await ada.send({ since: { epoch: '', offset: 0 } });
    await clock.advance(LOOK_MILLISECONDS);
    expect(told(ada)).toHaveLength(1);
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await clock.advance(POST_MILLISECONDS);
    await publishing;
    expect(told(ada).slice(1)).toEqual([
      expect.objectContaining({ data: 'one' }),
      { again: true },
      expect.objectContaining({ offset: 1, recovered: true }),
      expect.objectContaining({ data: 'one' }),
    ]);
  });

  it('waits for it as long as a post may take if nobody else has got anything', async () => {
    await bob.close();
    hanging = ada.webSocketId;
    const publishing = channel.publish('one');
    await clock.advance(POST_MILLISECONDS - 1);
    expect(told(ada)).toHaveLength(1);
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await publishing;
    expect(data(ada)).toEqual(['one']);
  });

  it('posts to the others while the answer to a new one hangs', async () => {
    const eve = await test.connect();
    hanging = eve.webSocketId;
    const joining = eve.send({});
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('one');
    await clock.advance(LOOK_MILLISECONDS);
    expect([data(bob), data(eve)]).toEqual([['one'], []]);
    await clock.advance(POST_MILLISECONDS);
    await joining;
    expect(told(eve)).toEqual([{ again: true }]);
  });

  it('has the next poster cut everybody if it could not be cut itself', async () => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
    isBroken = true;
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    await clock.advance(POST_MILLISECONDS);
    await publishing;
    isBroken = false;
    await channel.publish('three');
    for (const client of [ada, bob]) expect(told(client).at(-1)).toEqual({ again: true });
    expect([data(ada), data(bob)]).toEqual([[], ['one', 'two']]);
    jest.restoreAllMocks();
  });
});
