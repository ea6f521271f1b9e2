import { cases } from '../interleavings/cases';
import { explore } from '../interleavings/explorer';
import { ServiceWorld } from '../interleavings/service-world';
import { sessionCases } from '../interleavings/session-cases';

jest.setTimeout(300_000);

const MAX_STATES = 40_000;

const larger = Object.entries({ ...cases, ...sessionCases }).filter(
  ([, { largerBudget }]) => largerBudget !== undefined,
);

describe('in every order up to a larger bound, all is well when', () => {
  const figures: string[] = [];
  beforeEach(() => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => process.stdout.write(`${figures.join('\n')}\n`));

  it.each(larger)('%s', async (name, scenario) => {
    const begun = performance.now();
    const { states, paths, complete } = await explore(
      () => ServiceWorld.make(scenario, scenario.largerBudget),
      MAX_STATES,
    );
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    figures.push(
      `${name}: ${states} states, ${paths} paths, ${seconds} s${complete ? '' : ' (to the bound)'}`,
    );
    expect(states).toBeGreaterThan(100);
  });
});
