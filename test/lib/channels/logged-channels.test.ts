import { Service, WebSocketServer } from '../../../lib';
import { LoggedChannels } from '../../../lib/channels/log/logged-channels';
import { lambdaContext, type SkippingClock, TestService } from '../../../lib/testing';

const HOUR_MILLISECONDS = 60 * 60_000;

class Board extends WebSocketServer {
  static override readonly channels = { 'board/*': { log: { size: 10, seconds: 60 } } };
  override async onClientMessage() {}
}

describe('LoggedChannels', () => {
  let test: TestService;
  let clock: SkippingClock;
  let inside: Service;

  const context = (deadline = Number.POSITIVE_INFINITY) =>
    new Service('chat', {
      ...{ backend: test.backend, serverClass: Board, serverFunction: 'chat-server', deadline },
    });
  const publish = (name: string) => inside.channel(name).publish('x');
  const rows = () => test.table.items().filter(({ sk }) => sk.startsWith('LOGGED'));
  const names = () => rows().map(({ sk }) => sk.slice('LOGGED#'.length));
  const sweep = () => test.handlers.server({ type: 'sweep' }, lambdaContext());

  beforeEach(() => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    test = new TestService(Board);
    clock = test.clock as SkippingClock;
    inside = context();
  });
  afterEach(() => jest.restoreAllMocks());

  it('contains a channel that was used within two hours', async () => {
    await publish('board/1');
    await clock.advance(1.9 * HOUR_MILLISECONDS);
    await sweep();
    expect(names()).toEqual(['board/1']);
  });

  it('forgets a channel that was not used for two hours', async () => {
    await publish('board/1');
    await clock.advance(2.1 * HOUR_MILLISECONDS);
    await sweep();
    expect(names()).toEqual([]);
  });

  it('keeps a channel that is used again, with one write an hour', async () => {
    for (let hours = 0; hours < 5; hours++) {
      await publish('board/1');
      await clock.advance(0.9 * HOUR_MILLISECONDS);
      await sweep();
    }
    expect(names()).toEqual(['board/1']);
  });

  it('contains a forgotten channel again once it is used', async () => {
    await publish('board/1');
    await clock.advance(2.1 * HOUR_MILLISECONDS);
    await sweep();
    await publish('board/1');
    expect(names()).toEqual(['board/1']);
  });

  it('keeps a channel with unfinished work, however long ago it was used', async () => {
    await publish('board/1');
    await clock.advance(3 * HOUR_MILLISECONDS);
    await new LoggedChannels(inside).mendAll(async () => false);
    expect(names()).toEqual(['board/1']);
  });

  it('keeps a channel that is used while the sweep handles it', async () => {
    await publish('board/1');
    await clock.advance(3 * HOUR_MILLISECONDS);
    await new LoggedChannels(inside).mendAll(async () => {
      await publish('board/1');
      return true;
    });
    expect(names()).toEqual(['board/1']);
  });

  describe('if the sweep has too little time for all', () => {
    /** Each takes thirty seconds, concurrently with the others of its group, and the sweep reserves twenty. */
    const mended = async (turns: number) => {
      const seen: string[] = [];
      const service = context(clock.now() + turns * 40_000);
      const end = clock.now();
      await new LoggedChannels(service).mendAll(async (channel) => {
        seen.push(channel);
        const turn = Math.ceil(seen.length / 25);
        await clock.advance(Math.max(0, end + turn * 30_000 - clock.now()));
        return true;
      });
      return seen;
    };

    beforeEach(async () => {
      for (let n = 100; n < 160; n++) await publish(`board/${n}`);
    });

    it('lets the next sweep continue, in whatever environment it runs', async () => {
      const all = Array.from({ length: 60 }, (_, n) => `board/${n + 100}`);
      expect(await mended(1)).toEqual(all.slice(0, 25));
      expect(await mended(1)).toEqual(all.slice(25, 50));
      expect(await mended(1)).toEqual(all.slice(50));
      expect(await mended(1)).toEqual(all.slice(0, 25));
    });

    it('lets the next sweep begin at the same place, if there was no time at all', async () => {
      expect(await mended(1)).toHaveLength(25);
      expect(await mended(0)).toEqual([]);
      expect((await mended(1))[0]).toBe('board/125');
    });
  });

  it('continues with the other channels if one fails', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation(() => {});
    for (const n of [1, 2]) await publish(`board/${n}`);
    const seen: string[] = [];
    await new LoggedChannels(inside).mendAll(async (channel) => {
      if (channel === 'board/1') throw new Error('throttled');
      seen.push(channel);
      return true;
    });
    expect(seen).toEqual(['board/2']);
    expect(logged).toHaveBeenCalledWith(
      'The channel board/1 of chat could not be looked after: Error: throttled',
    );
  });
});
