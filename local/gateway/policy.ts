/**
 * Whether an authorizer's policy lets a client invoke a method. Source: "Output from a Lambda authorizer" (REST),
 * which WebSocket APIs share.
 */
import { isGlob } from '../glob';

export type Verdict = 'allowed' | 'denied' | 'malformed';

interface Statement {
  effect: 'Allow' | 'Deny';
  actions: string[];
  resources: string[];
  hasCondition: boolean;
}

/** Nothing is allowed without a statement, and a Deny overrides every Allow. */
export function verdictOf(policyDocument: unknown, methodArn: string): Verdict {
  const statements = statementsOf(policyDocument);
  if (!statements) return 'malformed';
  const matching = statements.filter(
    ({ actions, resources }) =>
      actions.some((action) => isGlob('execute-api:invoke', action.toLowerCase())) &&
      resources.some((resource) => isGlob(methodArn, resource)),
  );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'denied';
  // Conditions are not evaluated. To be no more permissive than AWS, an Allow with a condition does not count.
  return matching.some(({ effect, hasCondition }) => effect === 'Allow' && !hasCondition)
    ? 'allowed'
    : 'denied';
}

function statementsOf(document: unknown): Statement[] | undefined {
  if (!isRecord(document)) return undefined;
  const given = document.Statement;
  const list = Array.isArray(given) ? given : [given];
  const statements = list.map(statementOf);
  return statements.includes(undefined) || statements.length === 0 ? undefined : (statements as Statement[]);
}

function statementOf(value: unknown): Statement | undefined {
  if (!isRecord(value)) return undefined;
  const { Effect: effect } = value;
  if (effect !== 'Allow' && effect !== 'Deny') return undefined;
  const actions = textsOf(value.Action);
  const resources = textsOf(value.Resource);
  if (!actions || !resources) return undefined;
  return {
    effect,
    actions,
    resources,
    hasCondition: isRecord(value.Condition) && Object.keys(value.Condition).length > 0,
  };
}

function textsOf(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.every((text) => typeof text === 'string') ? (list as string[]) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
