import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { presenceCases } from './presence-cases';
import type { Scenario } from './scenario';

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, whoever is in a channel knows who else is when', () => {
  exploreEach(presenceCases);
});

describe('it is noticed in some order when a condition is missing:', () => {
  it.each([
    [
      'telling that all has been told',
      without('update posted', 'LIST'),
      'one comes while another leaves',
      /sees \[.*\], but \[.*\] are there/,
    ],
  ])('that of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(presenceCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
