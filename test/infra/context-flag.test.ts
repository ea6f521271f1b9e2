import { App } from 'aws-cdk-lib';
import { contextFlag } from '../../infra/context-flag';

describe('contextFlag', () => {
  const flag = (open: unknown) => contextFlag(new App({ context: { open } }), 'open');

  it.each([
    [true, true],
    ['true', true],
    [false, false],
    ['false', false],
    [undefined, false],
  ])('reads %j as %s', (value, expected) => {
    expect(flag(value)).toBe(expected);
  });

  it.each(['yes', 1, 'TRUE'])('refuses %j', (value) => {
    expect(() => flag(value)).toThrow(/The context open is .* must be true or false/);
  });
});
