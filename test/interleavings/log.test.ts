import { exploreCase, exploreEach, without } from './case-exploration';
import { WrongOrder } from './explorer';
import { logCases } from './log-cases';
import type { Scenario } from './scenario';

// Sweeps report each time; here they run by the ten thousand.
beforeEach(() => {
  for (const method of ['log', 'error'] as const) jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, a log reaches its members when', () => {
  exploreEach(logCases);
});

describe('it is noticed in some order when a condition is missing:', () => {
  it('that of admitting one who has joined', async () => {
    const scenario = logCases['a client joins while another process takes it out'] as Scenario;
    const exploration = exploreCase(scenario, without('update from', 'MEMBER'));
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(/A ghost of a member/);
  });
});
