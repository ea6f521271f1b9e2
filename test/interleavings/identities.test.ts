import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { identityCases } from './identity-cases';
import type { Scenario } from './scenario';

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, each row has the right user when', () => {
  exploreEach(identityCases);
});

describe('some order fails without a condition:', () => {
  it.each([
    [
      'an open connection',
      without('update user', 'CONNECTION'),
      'it says who it is while it leaves',
      /A ghost of a connection/,
    ],
    [
      'the later of two, in the connection',
      without('update user', 'CONNECTION'),
      'two messages say who it is',
      /goes by A|says that it is A/,
    ],
    [
      'the later of two, in the list of everyone',
      without('update user', 'MEMBER'),
      'two messages say who it is',
      /says that it is A/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(identityCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
