import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { inboxCases } from './inbox-cases';
import type { Scenario } from './scenario';

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, each message is read once when', () => {
  exploreEach(inboxCases);
});

describe('some order fails without a condition:', () => {
  it.each([
    [
      'storing a message',
      without('put', 'MESSAGE'),
      'a message is read, and copies of calls come late',
      /m was read twice/,
    ],
    ['taking a message', without('update reader', 'MESSAGE'), 'two read from one inbox', /n was read twice/],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(inboxCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
