/** The variables of a stage. */
import { isObject } from '../values/json';
import type { Resource } from '../values/resource';

/** @param property `StageVariables`, or `Variables` of a REST API's stage */
export function stageVariables(
  stage: Resource,
  property: 'StageVariables' | 'Variables',
): Record<string, string> {
  const variables = stage.property(property);
  return Object.fromEntries(
    Object.entries(isObject(variables) ? variables : {}).map(([name, value]) => [name, String(value)]),
  );
}
