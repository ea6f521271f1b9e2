import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { presenceCases } from './presence-cases';
import type { Scenario } from './scenario';

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, each member of a channel knows the others when', () => {
  exploreEach(presenceCases);
});

describe('some order fails without a condition:', () => {
  it.each([
    [
      'telling that all has been told',
      without('update posted', 'LIST'),
      'one comes while another leaves',
      /sees \[.*\], but \[.*\] are there/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(presenceCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
