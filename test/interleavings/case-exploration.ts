/** Explores a case to its end, or with a condition of its writes taken away. */
import { always, type Condition } from '../../lib/table/conditions';
import { type Exploration, explore } from './explorer';
import type { Mutation, Scenario } from './scenario';
import { ServiceWorld } from './service-world';

/** Well above what the cases have: a case that outgrows it is no longer explored to its end. */
const MAX_STATES = 60_000;

/** @throws WrongOrder with the first order in which something goes wrong. */
export function exploreCase(
  scenario: Scenario,
  mutate?: Mutation,
  maxStates = MAX_STATES,
): Promise<Exploration> {
  const explored = { ...scenario, ...(mutate && { mutate }) };
  return explore(() => ServiceWorld.make(explored), maxStates);
}

/** Of a case in every test run. The slow lane explores each to its end. */
const QUICK_STATES = 60;

/** What every test run explores: the first states of each case. */
export function exploreEach(cases: Record<string, Scenario>): void {
  it.each(Object.entries(cases))('%s', async (_name, scenario) => {
    const { states } = await explore(() => ServiceWorld.make(scenario), QUICK_STATES);
    expect(states).toBeGreaterThanOrEqual(QUICK_STATES);
  });
}

/** Takes the conditions of such a write away. */
export function without(operation: string, kind: string): Mutation {
  return (...[otherOperation, otherKind, condition]) =>
    operation === otherOperation && kind === otherKind ? always : condition;
}

/** Takes away what such a write demands of one attribute. */
export function withoutDemandOn(attribute: string, operation: string, kind: string): Mutation {
  const relaxed = (condition: Condition): Condition => {
    if (condition.kind !== 'all' && condition.kind !== 'any') return condition;
    const others = condition.of.filter((part) => !('attribute' in part) || part.attribute !== attribute);
    return { ...condition, of: others.map(relaxed) };
  };
  return (otherOperation, otherKind, condition) =>
    operation === otherOperation && kind === otherKind ? relaxed(condition) : condition;
}
