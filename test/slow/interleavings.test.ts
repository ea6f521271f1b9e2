import type { Item } from '../../lib/table/item';
import { exploreCase, without, withoutDemandOn } from '../interleavings/case-exploration';
import { dedicatedCases } from '../interleavings/dedicated-cases';
import { everyCase } from '../interleavings/every-case';
import { explore } from '../interleavings/explorer';
import { logCases } from '../interleavings/log-cases';
import type { Mutation, Scenario } from '../interleavings/scenario';
import { ServiceWorld } from '../interleavings/service-world';

jest.setTimeout(600_000);

/** For each case. Use more if there is more time. */
const MAX_STATES = Number(process.env.EXPLORED_STATES ?? 6_000);

/** A missing condition of a log may fail only in a late order. */
const MOST_STATES = 400_000;

/** Some cases are too large for any budget. */
const whole = Object.entries(everyCase).filter(([, { slow, budget }]) => !slow || budget);
const larger = Object.entries(everyCase).filter(([, { largerBudget }]) => largerBudget !== undefined);

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, the service is consistent when', () => {
  it.each(whole)('%s', async (_name, scenario) => {
    // Large cases are explored up to a limit below. All others must be explored completely.
    const explored = scenario.large
      ? await explore(() => ServiceWorld.make(scenario), MAX_STATES)
      : await exploreCase(scenario);
    expect(explored.complete || scenario.large).toBe(true);
  });
});

describe('in every order up to a larger limit, the service is consistent when', () => {
  const figures: string[] = [];
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

describe('some order fails without a condition:', () => {
  it('of naming a MEMBER that has left', async () => {
    const scenario = { ...(everyCase['a rename and a departure'] as Scenario), budget: { ticks: 1 } };
    const exploration = exploreCase(scenario, without('update user', 'MEMBER'));
    await expect(exploration).rejects.toThrow(/A ghost of a member/);
  });

  it.each<[string, Mutation, string, RegExp]>([
    ['putting a connection', without('put', 'CONNECTION'), 'copies of calls come late', /never settled/],
    [
      'having a message in hand',
      without('update taken', 'OWNER'),
      'copies of calls come late to an owner',
      /A ghost of an owner/,
    ],
    [
      'keeping a lease',
      without('update until', 'OWNER'),
      'an owner keeps its lease, and copies of calls come late',
      /A ghost of/,
    ],
    [
      'marking closed',
      without('update state', 'CONNECTION'),
      'copies of calls come late to an owner',
      /A ghost of a connection/,
    ],
    [
      'the end of a session, of no joining since',
      withoutDemandOn('rev', 'update ending', 'SESSION'),
      'a session ends and begins anew, and copies of calls come late',
      /never through/,
    ],
    [
      'adding a share that a worker has',
      without('put', 'SHARE'),
      'a worker hands over, and copies of calls come late',
      /not done|never/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    await expect(exploreCase(everyCase[name] as Scenario, mutation)).rejects.toThrow(wrong);
  });

  it('and if a reader relies on a closed mark before the last handler can have stored its message', async () => {
    const scenario =
      everyCase['one waits for messages while the client sends and leaves, and handlers are slow'];
    const misread = (item: Item) => (item.closedAt === undefined ? item : { ...item, closedAt: 0 });
    const exploration = exploreCase({ ...(scenario as Scenario), misread });
    await expect(exploration).rejects.toThrow(/told that nothing more comes/);
  });

  it.each([
    ['update taken', 'an owner stalls longer than its lease', { stalls: 1 }, /takes a message, but .* owns/],
    [
      'update ending',
      'an owner stalls at the end of its loop',
      { stalls: 1 },
      /ends the socket, but .* owns/,
    ],
    ['update hops', 'an owner hands over while its client leaves', { lateCopies: 1, waits: 1 }, /A ghost of/],
  ])('of %s OWNER, if an owner with an old epoch writes', async (operation, name, budget, wrong) => {
    const scenario = { ...(dedicatedCases[name] as Scenario), budget };
    await expect(exploreCase(scenario, without(operation, 'OWNER'))).rejects.toThrow(wrong);
  });

  it.each([
    [
      'giving up the lease',
      without('update posted', 'POSTER'),
      'two publish, and copies of calls come late',
      {},
      /has heard 3 after 3/,
    ],
    [
      'putting a member that has been admitted',
      withoutDemandOn('from', 'put', 'MEMBER'),
      'a client joins, and copies of calls come late',
      {},
      /was never admitted/,
    ],
    [
      'storing a line where its offset has been skipped',
      without('put', 'ENTRY'),
      'a publisher is slow to store its line',
      {},
      /2 was published, and is not there/,
    ],
    [
      'taking the lease of a poster that has it',
      without('update poster', 'POSTER'),
      'two publish',
      {},
      /a was disconnected, but nothing had gone wrong/,
    ],
    [
      'marking a batch when the lease is over',
      without('update batch', 'POSTER'),
      'a poster stalls in an invocation of its own',
      {},
      /has heard 2 after 3/,
    ],
    [
      'asking for a position, when a later subscription has',
      without('put', 'JOIN'),
      'a client joins twice',
      {},
      /has joined, but was never admitted/,
    ],
    [
      'deleting what a later subscription asks for',
      without('delete', 'JOIN'),
      'a client joins twice',
      {},
      /has joined, but was never admitted/,
    ],
    [
      'putting a membership that a later subscription has put',
      without('put', 'CHANNEL'),
      'a client joins twice, and leaves',
      {},
      /is a member, but not in the channel/,
    ],
    [
      'forgetting a channel, of nobody having used it since',
      without('delete', 'LOGGED'),
      'the sweep forgets a channel that nobody has used for long, while one publishes',
      {},
      /has heard up to/,
    ],
    [
      'deleting a member that has joined again',
      without('delete', 'MEMBER'),
      'a client joins while another process takes it out',
      { budget: { lateCopies: 1 } },
      /is in the channel, but no member/,
    ],
  ])('of %s in a log', async (_what, mutation, name, changes, wrong) => {
    const scenario = { ...(logCases[name] as Scenario), ...changes };
    await expect(exploreCase(scenario, mutation, MOST_STATES)).rejects.toThrow(wrong);
  });
});
