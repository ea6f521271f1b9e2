import { NamePattern } from '../../../../lib/realtime/http-api/name-pattern';

describe('NamePattern', () => {
  it.each([
    [undefined, 'anything', true],
    ['room:*', 'room:1', true],
    ['room:*', 'room:', true],
    ['room:*', 'rooms', false],
    ['*:1', 'a:b:1', true],
    ['*:1', 'a:b:12', false],
    ['r?om', 'room', true],
    ['r?om', 'rom', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['**', 'x', true],
    ['room', 'room1', false],
  ])('%s and %s: %s', (pattern, name, isMatch) => {
    expect(new NamePattern(pattern).matches(name)).toBe(isMatch);
  });

  it('takes no longer for a pattern with many stars', () => {
    const name = `${'a'.repeat(127)}b`;
    expect(new NamePattern(`${'*a'.repeat(500)}c`).matches(name)).toBe(false);
  });
});
