import { isOpening } from '../../../lib/connections/opening-window';

describe('isOpening', () => {
  it('depends on the time at which the probe was sent', () => {
    expect(isOpening(1_000, 31_000)).toBe(true);
    expect(isOpening(1_000, 31_001)).toBe(false);
  });
});
