import { MessageRate } from '../../../lib/limits/message-rate';

describe('MessageRate', () => {
  const START = Date.UTC(2026, 10, 30, 9, 15);
  const taken = (rate: MessageRate, times: number[], id = 'ada') =>
    times.filter((at) => rate.admit(id, at).taken).length;
  const at = (count: number, milliseconds = 0) => Array.from({ length: count }, () => START + milliseconds);

  it('allows a burst, and then the rate', () => {
    const rate = new MessageRate(10, 50);
    expect(taken(rate, at(3_000))).toBe(50);
    expect(taken(rate, at(3_000, 1_000))).toBe(10);
    expect(taken(rate, at(3_000, 60_000))).toBe(50);
  });

  it('lets a client that keeps to the rate continue forever', () => {
    const rate = new MessageRate(10, 1);
    const steady = Array.from({ length: 1_000 }, (_, n) => START + n * 100);
    expect(taken(rate, steady)).toBe(1_000);
  });

  it('counts each connection separately', () => {
    const rate = new MessageRate(1, 2);
    expect(taken(rate, at(10))).toBe(2);
    expect(taken(rate, at(10), 'bob')).toBe(2);
  });

  it('is not fooled by messages that overtake each other', () => {
    const rate = new MessageRate(10, 1);
    const shuffled = [...at(5, 100), ...at(5), ...at(5, 100), ...at(5)];
    expect(taken(rate, shuffled)).toBe(1);
  });

  it('reports refused messages once a second, with their number', () => {
    const rate = new MessageRate(1, 1);
    const told = [...at(4), ...at(3, 999), ...at(3, 1_100)].flatMap((time) => {
      const admission = rate.admit('ada', time);
      return admission.taken || admission.refused === undefined ? [] : [admission.refused];
    });
    // One is accepted, one is reported, and two and three are counted. A second later, one is accepted, and the next
    // is reported with the count.
    expect(told).toEqual([1, 6]);
  });

  it('accepts everything without a rate', () => {
    expect(taken(new MessageRate(Number.POSITIVE_INFINITY, 1), at(1_000))).toBe(1_000);
  });

  it('forgets the connection that was quiet for the longest time, and keeps an active one', () => {
    const rate = new MessageRate(1, 1);
    taken(rate, at(1));
    for (let n = 0; n < 20_000; n++) {
      rate.admit(`other ${n}`, START);
      if (n % 1_000 === 0) expect(rate.admit('ada', START).taken).toBe(false);
    }
    expect(rate.admit('other 1', START).taken).toBe(true);
  });
});
