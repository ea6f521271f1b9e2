import { exploreCase, exploreEach, without, withoutDemandOn } from './case-exploration';
import { WrongOrder } from './explorer';
import type { Scenario } from './scenario';
import { sessionCases } from './session-cases';

// Sweeps log every time, and here they run thousands of times.
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, a session is consistent when', () => {
  exploreEach(sessionCases);
});

describe('some order fails without a condition of a session:', () => {
  it.each([
    ['joining', without('update sockets', 'SESSION'), 'late', /which is no more/],
    ['the end', without('update ending', 'SESSION'), 'open', /ended though it had sockets/],
    [
      'the end, of a wish for it',
      withoutDemandOn('endOnClose', 'update ending', 'SESSION'),
      'late',
      /never through/,
    ],
  ])('of %s', async (_name, mutation, words, wrong) => {
    const [scenario] = Object.entries(sessionCases).flatMap(([name, it]) => (name.includes(words) ? it : []));
    const exploration = exploreCase(scenario as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
