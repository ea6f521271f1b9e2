import { exploreEach } from './case-exploration';
import { logCases } from './log-cases';

// Sweeps report each time; here they run by the ten thousand.
beforeEach(() => {
  for (const method of ['log', 'error'] as const) jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, a log reaches its members when', () => {
  exploreEach(logCases);
});
