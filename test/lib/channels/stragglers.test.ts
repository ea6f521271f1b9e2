import { Service, WebSocketServer } from '../../../lib';
import { sleep } from '../../../lib/clock';
import { ConnectionsApiError } from '../../../lib/errors';
import { ManualClock, SkippingClock, type TestClient, TestService } from '../../../lib/testing';

/** How long all clients wait for the last few, and how long a post may take. */
const PATIENCE_MILLISECONDS = 1_000;
const POST_MILLISECONDS = 3_000;
/** The poster looks for new lines in the meantime. */
const LOOK_MILLISECONDS = 200;
const LEASE_MILLISECONDS = 30_000;
const THROTTLED_MILLISECONDS = 1_500;

/** The log whose clients join or are told to join again. */
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
  let throttledUntil = 0;
  let isClosing = true;
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
    throttledUntil = 0;
    isClosing = true;
    test = new TestService(Board, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'POST' && subject === hanging) {
          hanging = undefined;
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
        }
        if (operation === 'POST' && subject === ada?.webSocketId && clock.now() < throttledUntil) {
          throw new ConnectionsApiError('POST', 429, 'throttled');
        }
        if (!isClosing && subject === ada.webSocketId) {
          if (operation === 'POST') throw new ConnectionsApiError('POST', 500, 'failed');
          if (operation === 'DELETE') await new Promise(() => {});
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

  it('posts the next lines to the others before it gives up the post', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    await clock.advance(LOOK_MILLISECONDS);
    expect(data(bob)).toEqual(['one', 'two']);
    await clock.advance(POST_MILLISECONDS);
    await publishing;
  });

  it('tells the client to subscribe again when it gives up the post, and sends it no later line', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    await clock.advance(POST_MILLISECONDS);
    await publishing;
    expect(told(ada)).toEqual([expect.objectContaining({ offset: 0 }), { again: true }]);
    expect(memberOf(ada)).toBeUndefined();
  });

  it('disconnects the client even if its response arrives late, because others may have received lines in the meantime', async () => {
    const publishing = whileAdaHangs();
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('two');
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await publishing;
    expect(told(ada).slice(1)).toEqual([expect.objectContaining({ data: 'one' }), { again: true }]);
  });

  it('if the client subscribes again, responds only when nothing else is being sent to it', async () => {
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

  it('waits as long as a post may take if no other client has received anything', async () => {
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

  it('posts to the others while the response for a new member hangs', async () => {
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

  it('keeps a new member whose response arrives late, if nothing was posted in the meantime', async () => {
    const eve = await test.connect();
    hanging = eve.webSocketId;
    const joining = eve.send({});
    await clock.advance(PATIENCE_MILLISECONDS);
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await joining;
    await channel.publish('one');
    expect(told(eve)).toEqual([
      expect.objectContaining({ offset: 0 }),
      expect.objectContaining({ offset: 1, data: 'one' }),
    ]);
  });

  it('disconnects a new member whose response arrives late, if a line was posted in the meantime', async () => {
    const eve = await test.connect();
    hanging = eve.webSocketId;
    const joining = eve.send({});
    await clock.advance(PATIENCE_MILLISECONDS);
    await channel.publish('one');
    await clock.advance(LOOK_MILLISECONDS);
    answer();
    await clock.advance(LOOK_MILLISECONDS);
    await joining;
    expect(told(eve)).toEqual([expect.objectContaining({ offset: 0 }), { again: true }]);
  });

  it('waits for a client whose post is throttled', async () => {
    throttledUntil = clock.now() + THROTTLED_MILLISECONDS;
    const publishing = channel.publish('one');
    for (let passed = 0; passed < 10_000; passed += LOOK_MILLISECONDS) await clock.advance(LOOK_MILLISECONDS);
    await publishing;
    expect(told(ada).slice(1)).toEqual([expect.objectContaining({ data: 'one' })]);
  });

  it('releases the lease in time if the request to disconnect the client hangs', async () => {
    isClosing = false;
    let isOver = false;
    const publishing = channel.publish('one').then(() => {
      isOver = true;
    });
    for (let passed = 0; passed < LEASE_MILLISECONDS; passed += 1_000) await clock.advance(1_000);
    expect([isOver, memberOf(ada)?.cut]).toEqual([true, true]);
    await publishing;
  });

  it('has the next poster disconnect all members if it could not do so itself', async () => {
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

describe('a log whose clients hang one after another', () => {
  const JOIN_MILLISECONDS = 300;
  const NEXT_MILLISECONDS = 2_000;
  const ATTACK_MILLISECONDS = 60_000;
  const LONGEST_MILLISECONDS = 20_000;

  it('delays a publisher only briefly', async () => {
    const clock = new SkippingClock(Date.now());
    const hanging = new Set<string>();
    const test = new TestService(Board, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'POST' && hanging.has(subject)) await new Promise(() => {});
        return apply();
      },
    });
    const publish = (text: string) =>
      new Service('chat', {
        ...{ backend: test.backend, serverClass: Board, serverFunction: 'chat-server' },
      })
        .channel('board')
        .publish(text);
    for (let n = 0; n < 12; n++) await (await test.connect()).send({});
    const first = await test.connect();
    await first.send({});
    hanging.add(first.webSocketId);

    const begunAt = clock.now();
    let tookMilliseconds: number | undefined;
    const isOn = () => tookMilliseconds === undefined && clock.now() - begunAt < ATTACK_MILLISECONDS;
    const publishing = publish('first').then(() => {
      tookMilliseconds = clock.now() - begunAt;
    });
    const attacking = (async () => {
      while (isOn()) {
        await sleep(clock, NEXT_MILLISECONDS);
        const client = await test.connect();
        void client.send({});
        await sleep(clock, JOIN_MILLISECONDS);
        hanging.add(client.webSocketId);
      }
    })();
    const others: Promise<unknown>[] = [];
    while (isOn()) {
      await sleep(clock, NEXT_MILLISECONDS / 4);
      others.push(publish('next'));
    }
    await Promise.all([publishing, attacking, ...others]);
    expect(tookMilliseconds).toBeLessThan(LONGEST_MILLISECONDS);
  });
});

describe('a log that many join at once', () => {
  const NEWCOMERS = 100;
  const SLOW_MILLISECONDS = 1_500;
  let clock: SkippingClock;
  let test: TestService;
  let ada: TestClient;
  let newcomers: TestClient[];
  /** What happens to a post before it arrives. */
  let onPost: (webSocketId: string) => Promise<unknown>;

  const told = ({ received }: TestClient) =>
    received.flatMap((frame) => frame.split('\n')).map((text) => JSON.parse(text) as Told);
  const publish = (text: string) =>
    new Service('chat', { backend: test.backend, serverClass: Board, serverFunction: 'chat-server' })
      .channel('board')
      .publish(text);
  const isCut = (client: TestClient) => told(client).some(({ again }) => again);
  /** All clients join. A line is published while the first answer is being sent. */
  const join = async () => {
    let publishing: Promise<unknown> | undefined;
    const before = onPost;
    onPost = (webSocketId) => {
      publishing ??= publish('one');
      return before(webSocketId);
    };
    await Promise.all(newcomers.map((client) => client.send({})));
    await publishing;
    await test.runQueued();
  };

  beforeEach(async () => {
    clock = new SkippingClock(Date.now());
    onPost = async () => {};
    test = new TestService(Board, {
      clock,
      intercept: async ({ operation, subject }, apply) => {
        if (operation === 'POST') await onPost(subject);
        return apply();
      },
    });
    ada = await test.connect();
    await ada.send({});
    newcomers = await Promise.all(Array.from({ length: NEWCOMERS }, () => test.connect()));
  });

  it('waits for all hanging answers together, no longer than for one', async () => {
    const hanging = new Set(newcomers.filter((_, n) => n % 20 === 0).map(({ webSocketId }) => webSocketId));
    const begunAt = clock.now();
    let milliseconds: number | undefined;
    onPost = async (webSocketId) => {
      if (hanging.has(webSocketId)) await new Promise(() => {});
      if (webSocketId === ada.webSocketId) milliseconds ??= clock.now() - begunAt;
    };
    await join();
    expect(milliseconds).toBeLessThan(2 * PATIENCE_MILLISECONDS);
  });

  it('waits for clients whose answers are throttled', async () => {
    const throttledUntil = clock.now() + THROTTLED_MILLISECONDS;
    const ids = new Set(newcomers.map(({ webSocketId }) => webSocketId));
    onPost = async (webSocketId) => {
      if (ids.has(webSocketId) && clock.now() < throttledUntil)
        throw new ConnectionsApiError('POST', 429, 'throttled');
    };
    await join();
    expect(newcomers.filter(isCut)).toHaveLength(0);
  });

  it('waits if most answers take long, because then API Gateway is slow and not the clients', async () => {
    onPost = () => sleep(clock, SLOW_MILLISECONDS);
    await join();
    expect(newcomers.filter(isCut)).toHaveLength(0);
  });
});
