import { attributeCases } from './attribute-cases';
import { exploreCase, exploreEach, without, withoutDemandOn } from './case-exploration';
import { WrongOrder } from './explorer';
import type { Scenario } from './scenario';

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, the attributes keep what a message changes when', () => {
  exploreEach(attributeCases);
});

describe('some order fails without a condition:', () => {
  it.each([
    [
      'an open connection',
      without('update attributes', 'CONNECTION'),
      'a message changes them while the client leaves, and copies of calls come late',
      /A ghost of a connection/,
    ],
    [
      'the revision that was seen',
      without('update attributes', 'CONNECTION'),
      'three messages change them',
      /of a is lost/,
    ],
    [
      'a put that is not undone by its own late copy',
      withoutDemandOn('attributesRevision', 'put', 'CONNECTION'),
      'a message changes them while the connection is being accepted late',
      /is lost|counts as closed/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(attributeCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
