import { Faults } from '../../../local/faults/faults';

const SETTINGS = { 'lost-disconnect': 0.5, throttled: 0.1, 'late-disconnect': 2 };

function cases(faults: Faults, count: number): boolean[] {
  return Array.from({ length: count }, () => faults.strikes('lost-disconnect'));
}

describe('Faults', () => {
  it('strike the same cases with the same seed, and others with another seed', () => {
    const first = cases(new Faults(SETTINGS, 7), 100);
    expect(cases(new Faults(SETTINGS, 7), 100)).toEqual(first);
    expect(cases(new Faults(SETTINGS, 8), 100)).not.toEqual(first);
  });

  it('report each case that is struck, until the listener is removed', () => {
    const faults = new Faults({ throttled: 1 });
    const told: string[] = [];
    const stop = faults.whenStruck((name, subject) => void told.push(`${name}: ${subject}`));
    faults.strikes('throttled', 'one');
    faults.strikes('post-fails', 'another');
    stop();
    faults.strikes('throttled', 'two');
    expect(told).toEqual(['throttled: one']);
  });

  it('do not influence each other', () => {
    const first = cases(new Faults(SETTINGS), 100);
    const faults = new Faults(SETTINGS);
    const interleaved = first.map(() => {
      faults.strikes('throttled');
      return faults.strikes('lost-disconnect');
    });
    expect(interleaved).toEqual(first);
  });

  it('strike about the given share of the cases', () => {
    const faults = new Faults(SETTINGS);
    const struck = Array.from({ length: 10_000 }, () => faults.strikes('throttled')).filter(Boolean).length;
    expect(Math.abs(struck - 1_000)).toBeLessThan(150);
  });

  it('strike always with share 1, never with share 0, and never if they are off', () => {
    const faults = new Faults({ throttled: 1, 'half-open': 0 });
    const struck = (name: 'throttled' | 'half-open' | 'answer-lost') =>
      Array.from({ length: 1_000 }, () => faults.strikes(name)).filter(Boolean).length;
    expect([struck('throttled'), struck('half-open'), struck('answer-lost')]).toEqual([1_000, 0, 0]);
    expect(faults.isOn('answer-lost')).toBe(false);
  });

  it('count their cases', () => {
    const faults = new Faults({ 'lost-disconnect': 1, 'late-disconnect': 2 }, 3);
    expect(faults.strikes('lost-disconnect')).toBe(true);
    expect(faults.delayMillis('late-disconnect')).toBe(2_000);
    expect(faults.describe()).toBe('Faults, seed 3: lost-disconnect=1, late-disconnect=2');
    expect(faults.summary()).toBe('Faults: lost-disconnect 1 of 1, late-disconnect 1 of 1');
  });

  it('do nothing after they are stopped, and report that', () => {
    const faults = new Faults(SETTINGS);
    let told = 0;
    faults.whenOff('throttled', () => told++);
    faults.stop();
    faults.stop();
    expect(told).toBe(1);
    expect(cases(faults, 100)).not.toContain(true);
    expect(faults.delayMillis('late-disconnect')).toBe(0);
    expect(faults.summary()).toContain('lost-disconnect 0 of 0');
  });
});
