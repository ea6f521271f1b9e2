import { exploreCase, exploreEach, without, withoutDemandOn } from './case-exploration';
import { fanOutCases } from './fan-out-cases';
import type { Scenario } from './scenario';

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, every client receives a split delivery with', () => {
  exploreEach(fanOutCases);
});

describe('some order fails without a condition:', () => {
  const late = 'a worker hands over, and copies of calls come late';

  it.each([
    ['taking a share that another worker has', without('update worker', 'SHARE'), late, /not done|times/],
    [
      'taking a share of an earlier turn',
      withoutDemandOn('turn', 'update worker', 'SHARE'),
      late,
      /has never got it/,
    ],
    [
      'writing down how far a share is that is done',
      withoutDemandOn('done', 'update after', 'SHARE'),
      'a worker writes down how far it is, and copies of calls come late',
      /counts 0 of 3/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    await expect(exploreCase(fanOutCases[name] as Scenario, mutation)).rejects.toThrow(wrong);
  });
});
