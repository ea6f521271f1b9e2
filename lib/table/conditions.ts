/** Conditions of writes as data. A table sends them to DynamoDB as an expression, or evaluates them itself. */
import type { Item, Value } from './item';

export type Condition =
  | { kind: 'always' }
  | { kind: 'exists' | 'absent'; attribute: string }
  | { kind: 'equals' | 'lessThan' | 'atMost'; attribute: string; value: Value }
  | { kind: 'differs'; attribute: string; other: string }
  | { kind: 'lacks'; attribute: string; member: string }
  | { kind: 'all' | 'any'; of: Condition[] };

/** No condition: the write may create the item. */
export const always: Condition = { kind: 'always' };
/** The item exists. */
export const itemExists: Condition = { kind: 'exists', attribute: 'pk' };
/** The item does not exist. */
export const itemAbsent: Condition = { kind: 'absent', attribute: 'pk' };

export const exists = (attribute: string): Condition => ({ kind: 'exists', attribute });
export const absent = (attribute: string): Condition => ({ kind: 'absent', attribute });
export const equals = (attribute: string, value: Value): Condition => ({ kind: 'equals', attribute, value });
export const lessThan = (attribute: string, value: number | string): Condition => ({
  kind: 'lessThan',
  attribute,
  value,
});
export const atMost = (attribute: string, value: number | string): Condition => ({
  kind: 'atMost',
  attribute,
  value,
});
/** The attribute is missing, or at most this value. For writes that must not undo a later one. */
export const notBeyond = (attribute: string, value: number | string): Condition =>
  any(absent(attribute), atMost(attribute, value));
/** Two attributes of the item have different values. */
export const differs = (attribute: string, other: string): Condition => ({
  kind: 'differs',
  attribute,
  other,
});
/** The string set does not contain the member, or does not exist. */
export const lacks = (attribute: string, member: string): Condition => ({ kind: 'lacks', attribute, member });
export const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
export const any = (...of: Condition[]): Condition => ({ kind: 'any', of });

/**
 * Whether the condition holds for an item, by DynamoDB's rules: a comparison with a missing attribute is false,
 * except `<>`, which is true.
 */
export function holds(condition: Condition, item: Item | undefined): boolean {
  switch (condition.kind) {
    case 'always':
      return true;
    case 'exists':
      return item?.[condition.attribute] !== undefined;
    case 'absent':
      return item?.[condition.attribute] === undefined;
    case 'equals':
      return item?.[condition.attribute] === condition.value;
    case 'lessThan':
    case 'atMost': {
      const value = item?.[condition.attribute];
      if (value === undefined || typeof value !== typeof condition.value) return false;
      return condition.kind === 'lessThan' ? value < condition.value : value <= condition.value;
    }
    case 'differs':
      return item?.[condition.attribute] !== item?.[condition.other];
    case 'lacks': {
      const members = item?.[condition.attribute];
      return !(Array.isArray(members) && members.includes(condition.member));
    }
    case 'all':
      return condition.of.every((part) => holds(part, item));
    case 'any':
      return condition.of.some((part) => holds(part, item));
  }
}
