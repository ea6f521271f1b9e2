import { allSteps } from '../../bench/steps/all-steps';
import { documentedCosts } from '../../bench/steps/documented-costs';
import type { Step } from '../../bench/steps/step';

describe('the table of docs/costs.md', () => {
  const documented = documentedCosts();
  let steps: Step[];

  beforeAll(async () => {
    steps = await allSteps();
  });

  it('has exactly the steps that are counted', () => {
    expect([...documented.keys()].sort()).toEqual(steps.map(({ name }) => name).sort());
  });

  it.each([...documented.keys()])('says what is asked for: %s', (name) => {
    expect(steps.find((step) => step.name === name)?.cost).toEqual(documented.get(name));
  });
});
