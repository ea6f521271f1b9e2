import { KEPT_SECONDS, Seconds } from '../../../local/console/seconds';

describe('Seconds', () => {
  const messagesOf = (seconds: Seconds, count: number, now: number) =>
    seconds.last(count, now).series.messages;

  it('counts events in each second, except the current one', () => {
    const seconds = new Seconds(10_000);
    seconds.add('messages', 10_100);
    seconds.add('messages', 10_900);
    seconds.add('messages', 12_000);
    seconds.add('messages', 13_000);
    expect(messagesOf(seconds, 4, 13_500)).toEqual([0, 2, 0, 1]);
    expect(seconds.last(1, 13_500).until).toBe(12);
  });

  it('forgets older seconds', () => {
    const seconds = new Seconds(0);
    seconds.add('gone', 500);
    const later = KEPT_SECONDS * 1_000;
    expect(seconds.last(KEPT_SECONDS - 1, later + 500).series.gone).toEqual(
      new Array(KEPT_SECONDS - 1).fill(0),
    );
  });

  it('has nothing from before a long pause', () => {
    const seconds = new Seconds(0);
    seconds.add('gone', 0);
    seconds.add('gone', 1_000_000_000);
    expect(seconds.last(3, 1_000_001_000).series.gone).toEqual([0, 0, 1]);
  });

  it('continues when the clock is set back', () => {
    const seconds = new Seconds(100_000);
    seconds.add('gone', 50_000);
    expect(seconds.last(1, 101_000).series.gone).toEqual([1]);
  });
});
