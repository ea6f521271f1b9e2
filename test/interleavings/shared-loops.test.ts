import { exploreEach } from './case-exploration';
import { sharedLoopCases } from './shared-loop-cases';

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const) {
    jest.spyOn(console, method).mockImplementation(() => {});
  }
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, the loop of a shared socket continues when', () => {
  exploreEach(sharedLoopCases);
});
