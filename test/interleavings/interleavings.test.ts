import { exploreCase, exploreEach, without } from './case-exploration';
import { cases } from './cases';
import { parsed, replay, WrongOrder } from './explorer';
import type { Scenario } from './scenario';
import { ServiceWorld } from './service-world';

// Sweeps log every time, and here they run tens of thousands of times.
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, the service is consistent when', () => {
  exploreEach(cases);
});

describe('some order fails without a condition:', () => {
  it.each<[string, string, string, RegExp, Partial<Scenario>?]>([
    ['put', 'MEMBER', 'a connection names itself, and copies of calls come late', /lost its name/],
    ['update state', 'CONNECTION', 'settlement is asked for twice', /onPostServer of a ran twice/],
    ['update settler', 'CONNECTION', 'settlement is asked for twice', /onPostServer of a ran twice/],
    [
      'update started',
      'CONNECTION',
      'answers are lost, and calls repeated',
      /server\(\) of a ran 2 times/,
      { clients: { a: {} } },
    ],
    [
      'update started',
      'CONNECTION',
      'a handshake does not finish, and copies of calls come late',
      /A ghost of a connection/,
    ],
    ['update left', 'MEMBER', 'copies of calls come late', /A ghost of a member/],
    ['update posted', 'LIST', 'a rename and a departure', /b heard last of \[A\], but \[\] are online/],
  ])('of %s %s', async (...[operation, kind, name, wrong, changes]) => {
    const scenario = { ...(cases[name] as Scenario), ...changes };
    const exploration = exploreCase(scenario, without(operation, kind));
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });

  it('and its order can be replayed from the printed steps', async () => {
    const mutate = without('update left', 'MEMBER');
    const scenario: Scenario = { ...(cases['copies of calls come late'] as Scenario), mutate };
    const found = await exploreCase(scenario).catch((error: WrongOrder) => error);
    const { message } = found as WrongOrder;
    const told: string[] = [];
    const wrong = await replay(
      () => ServiceWorld.make(scenario),
      parsed(message),
      (line) => told.push(line),
    );
    expect(wrong).toMatch(/A ghost of a member/);
    expect(message).toContain(wrong);
    expect(told).toHaveLength(parsed(message).length);
  });

  it('and an impossible order is refused', async () => {
    const world = () => ServiceWorld.make(cases['settlement is asked for twice'] as Scenario);
    await expect(replay(world, ['a dances'], () => {})).rejects.toThrow(
      /Step 1, "a dances", cannot happen here/,
    );
  });
});
