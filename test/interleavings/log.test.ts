import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { logCases } from './log-cases';
import type { Scenario } from './scenario';

// Sweeps log every time, and here they run tens of thousands of times.
beforeEach(() => {
  for (const method of ['log', 'error'] as const) jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, a log reaches its members when', () => {
  exploreEach(logCases);
});

describe('some order fails without a condition:', () => {
  it('of admitting a new member', async () => {
    const scenario = logCases['a client joins while another process takes it out'] as Scenario;
    const exploration = exploreCase(scenario, without('update from', 'MEMBER'));
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(/A ghost of a member/);
  });
});
