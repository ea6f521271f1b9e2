/** Whether a statement of a policy applies to a request. */
import { isGlob, literalInGlob } from '../glob';
import { conditionsHold } from './conditions';
import type { Patterns, PolicyStatement } from './policy-statement';
import { withVariables } from './policy-variables';
import type { RequestContext } from './request-context';

/** @param action in lower case */
export function hasAction({ actions }: PolicyStatement, action: string): boolean {
  return matches(actions, action);
}

/** Whether its resources and conditions match. */
export function applies(statement: PolicyStatement, resource: string, context: RequestContext): boolean {
  return matches(statement.resources, resource, context) && conditionsHold(statement.conditions, context);
}

function matches({ patterns, isInverted }: Patterns, text: string, context?: RequestContext): boolean {
  const isMatch = patterns.some((pattern) => {
    const wanted = context ? withVariables(pattern, context, literalInGlob) : pattern;
    return wanted !== undefined && isGlob(text, wanted);
  });
  return isMatch !== isInverted;
}
