/** Refuses the event patterns that AWS would refuse. */
import { EventPattern } from '../../event-patterns/event-pattern';
import { PatternError } from '../../event-patterns/pattern-error';
import type { JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

/**
 * @param refusal what AWS does, for the error: `Lambda refuses its filter`
 * @throws {UserError}
 */
export function checkedPattern(pattern: JsonObject, resource: Resource, refusal: string): JsonObject {
  try {
    new EventPattern(pattern);
    return pattern;
  } catch (error) {
    if (error instanceof PatternError) throw resource.mistake(`${refusal}: ${error.message}`);
    throw error;
  }
}
