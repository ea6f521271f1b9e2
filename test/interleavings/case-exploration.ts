/** Explores a case completely, or without a condition of its writes. */
import { always, type Condition } from '../../lib/table/conditions';
import { type Exploration, explore } from './explorer';
import type { Mutation, Scenario } from './scenario';
import { ServiceWorld } from './service-world';

/** Well above the number of states in any case. A case that exceeds this is not explored completely. */
const MAX_STATES = 60_000;

/** @throws WrongOrder with the first order that fails */
export function exploreCase(
  scenario: Scenario,
  mutate?: Mutation,
  maxStates = MAX_STATES,
): Promise<Exploration> {
  const explored = { ...scenario, ...(mutate && { mutate }) };
  return explore(() => ServiceWorld.make(explored), maxStates);
}

/** The states of a case in every test run. The slow tests explore all of them. */
const QUICK_STATES = 60;

/** Explores the first states of each case, in every test run. */
export function exploreEach(cases: Record<string, Scenario>): void {
  it.each(Object.entries(cases))('%s', async (_name, scenario) => {
    const { states } = await explore(() => ServiceWorld.make(scenario), QUICK_STATES);
    expect(states).toBeGreaterThanOrEqual(QUICK_STATES);
  });
}

/** Removes the conditions of such a write. */
export function without(operation: string, kind: string): Mutation {
  return (...[otherOperation, otherKind, condition]) =>
    operation === otherOperation && kind === otherKind ? always : condition;
}

/** Removes the condition on one attribute from such a write. */
export function withoutDemandOn(attribute: string, operation: string, kind: string): Mutation {
  const relaxed = (condition: Condition): Condition => {
    if (condition.kind !== 'all' && condition.kind !== 'any') return condition;
    const others = condition.of.filter((part) => !('attribute' in part) || part.attribute !== attribute);
    return { ...condition, of: others.map(relaxed) };
  };
  return (otherOperation, otherKind, condition) =>
    operation === otherOperation && kind === otherKind ? relaxed(condition) : condition;
}
