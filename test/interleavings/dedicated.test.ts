import { exploreCase, exploreEach, without } from './case-exploration';
import { dedicatedCases } from './dedicated-cases';
import { WrongOrder } from './explorer';
import type { Scenario } from './scenario';

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, a dedicated socket has one owner and loses no message when', () => {
  exploreEach(dedicatedCases);
});

describe('some order fails without a condition:', () => {
  const late = 'copies of calls come late to an owner';

  it.each([
    [
      'taking over a socket',
      without('update epoch', 'OWNER'),
      'a dedicated socket opens, sends and closes',
      /, but .* owns the/,
    ],
    ['the end of a loop', without('update ending', 'OWNER'), late, /A ghost of an owner/],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(dedicatedCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
