import { measureBusyChannel } from '../../bench/measures/busy-channel';

describe('a busy channel with a log', () => {
  it('sends at most 0.3 posts for each line and member, and delivers every line to each member once and in order', async () => {
    const { lines, members, posts, offsets } = await measureBusyChannel();
    expect(posts / (lines * members)).toBeLessThanOrEqual(0.3);
    const all = Array.from({ length: lines }, (_, n) => n + 1);
    for (const received of offsets) expect(received).toEqual(all);
  });
});
