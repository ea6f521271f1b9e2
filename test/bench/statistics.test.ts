import { digits, Page } from '../../bench/page';
import { percentile, spread } from '../../bench/statistics';

describe('percentile', () => {
  it.each([
    [50, 2],
    [75, 3],
    [99, 4],
    [0, 1],
  ])('returns the nearest rank: %d %% of 4, 1, 3, 2 is %d', (percent, expected) => {
    expect(percentile([4, 1, 3, 2], percent)).toBe(expected);
  });

  it('refuses an empty list', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('prints the median between the extremes', () => {
    expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  });
});

describe('digits', () => {
  it.each([
    [1_234.5, '1235'],
    [12.34, '12.3'],
    [0.123, '0.12'],
    [7, '7'],
  ])('shows %d as %s', (value, expected) => {
    expect(digits(value)).toBe(expected);
  });
});

describe('Page', () => {
  it('shows each figure as a ratio of medians to its named baseline', () => {
    const page = new Page();
    page.section('Echo', 'a bare server', [
      { what: 'p50', unit: 'ms', ours: [1, 3, 2], baseline: [4], better: 'lower' },
    ]);
    expect(page.toString()).toContain('baseline: a bare server');
    expect(page.toString()).toMatch(/p50, ms +2 \(1-3\) +4 +0\.50 x \(lower is better\)/);
  });

  it('prints no ratio to a baseline of zero', () => {
    const page = new Page();
    page.section('Storm', 'a bare server', [
      { what: 'lost', unit: 'events', ours: [0], baseline: [0], better: 'lower' },
    ]);
    expect(page.toString()).toMatch(/lost, events +0 +0 +the same/);
  });
});
