import fc from 'fast-check';
import { isGlob, literalInGlob } from '../../local/glob';

/** Parts of a pattern, and what they are in a regular expression. */
const PARTS: readonly [string, string][] = [
  ['a', 'a'],
  ['b', 'b'],
  ['*', '[^]*'],
  ['?', '[^]'],
  [literalInGlob('*'), '\\*'],
  [literalInGlob('?'), '\\?'],
];

describe('isGlob', () => {
  it('matches the same strings as the equivalent regular expression', () => {
    const pattern = fc.array(fc.constantFrom(...PARTS), { maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (parts, value) => {
        const expected = new RegExp(`^${parts.map(([, regular]) => regular).join('')}$`).test(value);
        expect(isGlob(value, parts.map(([glob]) => glob).join(''))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
