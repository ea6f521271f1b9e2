import { ManualClock } from '../../../../lib/testing';
import { CallingApi, pushes } from './calling-api';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the API of a realtime service', () => {
  let api: CallingApi;
  beforeEach(() => {
    api = new CallingApi();
  });

  it('publishes to a channel with a log, and returns the position', async () => {
    const ada = await api.inside('ada', 'room/1');
    const tags = { kind: 'news' };
    expect(await api.call('publish', { channel: 'room/1', data: { n: 1 }, tags })).toEqual({
      result: { epoch: expect.any(String), offset: 1 },
    });
    expect(pushes(ada)).toEqual([{ channel: 'room/1', pub: { data: { n: 1 }, tags, offset: 1 } }]);
    const { result } = await api.call('history', { channel: 'room/1', limit: 10 });
    expect(result.publications).toEqual([{ data: { n: 1 }, tags, offset: 1 }]);
  });

  it('publishes to a channel without a log', async () => {
    const ada = await api.inside('ada', 'open/1');
    const request = { channel: 'open/1', data: null, skip_history: true, delta: true };
    expect(await api.call('publish', request)).toEqual({ result: {} });
    expect(pushes(ada)).toEqual([{ channel: 'open/1', pub: { data: null } }]);
  });

  it('publishes JSON in base64, and refuses other bytes', async () => {
    const ada = await api.inside('ada', 'open/1');
    await api.call('publish', { channel: 'open/1', b64data: base64('{"n":1}') });
    expect(pushes(ada)).toEqual([{ channel: 'open/1', pub: { data: { n: 1 } } }]);
    const answer = await api.call('publish', { channel: 'open/1', b64data: base64('{') });
    expect(answer).toEqual({ error: { code: 107, message: expect.stringContaining('b64data') } });
  });

  it.each([
    ['no data', { channel: 'room/1' }, 107],
    ['no channel', { data: 1 }, 107],
    ['skip_history in a log', { channel: 'room/1', data: 1, skip_history: true }, 108],
    ['a version', { channel: 'room/1', data: 1, version: 3 }, 108],
    ['tags that are no texts', { channel: 'room/1', data: 1, tags: { a: 1 } }, 107],
    ['more than a frame', { channel: 'room/1', data: 'x'.repeat(140_000) }, 106],
  ])('refuses a publication with %s', async (_what, request, code) => {
    expect(await api.call('publish', request)).toEqual({ error: { code, message: expect.any(String) } });
  });

  it('broadcasts to several channels, with a response for each', async () => {
    const ada = await api.inside('ada', 'open/1');
    const channels = ['room/1', 'open/1', 'no channel'];
    expect(await api.call('broadcast', { channels, data: 1 })).toEqual({
      result: {
        responses: [
          { result: { epoch: expect.any(String), offset: 1 } },
          { result: {} },
          { error: { code: 107, message: expect.any(String) } },
        ],
      },
    });
    expect(pushes(ada)).toEqual([{ channel: 'open/1', pub: { data: 1 } }]);
    expect(await api.call('broadcast', { channels: [], data: 1 })).toMatchObject({ error: { code: 107 } });
  });

  describe('with an idempotency key', () => {
    const request = { channel: 'room/1', data: 1, idempotency_key: 'order 7' };

    it('publishes once, and returns the first position again', async () => {
      const first = await api.call('publish', request);
      expect(await api.call('publish', { ...request, data: 2 })).toEqual(first);
      const { result } = await api.call('history', { channel: 'room/1', limit: -1 });
      expect(result.publications).toEqual([{ data: 1, offset: 1 }]);
    });

    it('publishes once for two concurrent requests', async () => {
      const [one, other] = await Promise.all([api.call('publish', request), api.call('publish', request)]);
      expect(one).toEqual(other);
      const { result } = await api.call('history', { channel: 'room/1' });
      expect(result.offset).toBe(1);
    });

    it('returns what it has published even if the result cannot be stored', async () => {
      const error = jest.spyOn(console, 'error').mockImplementation();
      api = new CallingApi({
        intercept: async ({ operation, subject }, apply) => {
          if (operation === 'update' && subject.includes('IDEMPOTENT')) throw new Error('throttled');
          return apply();
        },
      });
      expect(await api.call('publish', request)).toMatchObject({ result: { offset: 1 } });
      expect(await api.call('publish', request)).toMatchObject({ error: { code: 113 } });
      const { result } = await api.call('history', { channel: 'room/1' });
      expect(result.offset).toBe(1);
      error.mockRestore();
    });

    it('publishes to each channel once', async () => {
      await api.call('publish', request);
      const { result } = await api.call('publish', { ...request, channel: 'room/2' });
      expect(result.offset).toBe(1);
    });

    it('publishes again after five minutes, and after a refusal', async () => {
      const clock = new ManualClock(Date.now());
      api = new CallingApi({ clock });
      const tooMuch = { ...request, data: 'x'.repeat(140_000) };
      expect(await api.call('publish', tooMuch)).toMatchObject({ error: { code: 106 } });
      expect(await api.call('publish', request)).toMatchObject({ result: { offset: 1 } });
      await clock.advance(302_000);
      expect(await api.call('publish', request)).toMatchObject({ result: { offset: 2 } });
    });

    it('publishes if an earlier request with the key crashed before it published', async () => {
      const clock = new ManualClock(Date.now());
      api = new CallingApi({ clock });
      const row = { pk: 'IDEMPOTENT#chat#room/1', sk: 'order 7', token: 'dead' };
      const now = clock.now();
      await api.test.table.put(
        { ...row, until: now + 35_000, expiresAt: now / 1_000 + 300 },
        { kind: 'always' },
      );
      await clock.advance(36_000);
      expect(await api.call('publish', request)).toMatchObject({ result: { offset: 1 } });
    });

    it('returns a conflict while another request publishes', async () => {
      const row = { pk: 'IDEMPOTENT#chat#room/1', sk: 'order 7', token: 'slow' };
      const now = api.test.clock.now();
      await api.test.table.put(
        { ...row, until: now + 35_000, expiresAt: now / 1_000 + 300 },
        { kind: 'always' },
      );
      expect(await api.call('publish', request)).toMatchObject({ error: { code: 113 } });
    });
  });

  it('returns the history after a position, or backwards', async () => {
    for (const data of [1, 2, 3]) await api.call('publish', { channel: 'room/1', data });
    const { result } = await api.call('history', { channel: 'room/1' });
    expect(result).toEqual({ publications: [], epoch: expect.any(String), offset: 3 });
    const since = { epoch: result.epoch, offset: 1 };
    const dataOf = async (request: object) => {
      const answer = await api.call('history', { channel: 'room/1', ...request });
      return answer.result.publications.map(({ data }: { data: unknown }) => data);
    };
    expect(await dataOf({ limit: 1, since })).toEqual([2]);
    expect(await dataOf({ limit: -1, since })).toEqual([2, 3]);
    expect(await dataOf({ limit: 2, reverse: true })).toEqual([3, 2]);
    expect(await dataOf({ limit: 2, reverse: true, since: { offset: 3 } })).toEqual([2, 1]);
  });

  it('refuses to remove a history', async () => {
    expect(await api.call('history_remove', { channel: 'room/1' })).toMatchObject({ error: { code: 108 } });
  });
});
