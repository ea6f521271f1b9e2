/** Whether an item meets a condition. */
import {
  type Attributes,
  type AttributeValue,
  areEqual,
  compareValues,
  elements,
  members,
  texts,
  typeOf,
} from '../attribute-value';
import type { Condition } from './condition';
import type { Operand } from './operand';
import { valueAt } from './path';

export function meets(item: Attributes, condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
      return meets(item, condition.left) && meets(item, condition.right);
    case 'or':
      return meets(item, condition.left) || meets(item, condition.right);
    case 'not':
      return !meets(item, condition.condition);
    case 'test': {
      const [first, ...others] = condition.operands.map((operand) => resolve(operand, item));
      return passes(condition.comparator, first, others);
    }
  }
}

function resolve(operand: Operand, item: Attributes): AttributeValue | undefined {
  if (operand.kind === 'path') return valueAt(operand.path, item);
  if (operand.kind === 'value') return operand.value;
  const [first] = operand.operands;
  const value = first && resolve(first, item);
  const size = value && sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

/** The result of `size`. */
function sizeOf(value: AttributeValue): number | undefined {
  const type = typeOf(value);
  const content = value[type] ?? null;
  switch (type) {
    case 'S':
      return String(content).length;
    case 'B':
      return Buffer.byteLength(String(content), 'base64');
    case 'SS':
    case 'NS':
    case 'BS':
    case 'L':
      return elements(content).length;
    case 'M':
      return Object.keys(members(content)).length;
    default:
      return undefined;
  }
}

type Value = AttributeValue | undefined;

/** @param comparator a sign, a function's name, or an operator of older requests */
export function passes(comparator: string, value: Value, others: Value[]): boolean {
  const [first, second] = others;
  switch (comparator) {
    case '=':
    case 'EQ':
      return areEqual(value, first);
    case '<>':
    case 'NE':
      return !areEqual(value, first);
    case '<':
    case 'LT':
      return isOrdered(value, first, (order) => order < 0);
    case '<=':
    case 'LE':
      return isOrdered(value, first, (order) => order <= 0);
    case '>':
    case 'GT':
      return isOrdered(value, first, (order) => order > 0);
    case '>=':
    case 'GE':
      return isOrdered(value, first, (order) => order >= 0);
    case 'between':
    case 'BETWEEN':
      return (
        isOrdered(value, first, (order) => order >= 0) && isOrdered(value, second, (order) => order <= 0)
      );
    case 'in':
    case 'IN':
      return others.some((other) => areEqual(value, other));
    case 'attribute_exists':
    case 'NOT_NULL':
      return value !== undefined;
    case 'attribute_not_exists':
    case 'NULL':
      return value === undefined;
    case 'attribute_type':
      return value !== undefined && typeOf(value) === first?.S;
    case 'begins_with':
    case 'BEGINS_WITH':
      return beginsWith(value, first);
    case 'contains':
    case 'CONTAINS':
      return contains(value, first);
    case 'NOT_CONTAINS':
      return value !== undefined && !contains(value, first);
    default:
      return false;
  }
}

function isOrdered(a: Value, b: Value, holds: (order: number) => boolean): boolean {
  const order = a && b && compareValues(a, b);
  return order !== undefined && holds(order);
}

function beginsWith(value: Value, prefix: Value): boolean {
  if (typeof value?.S === 'string' && typeof prefix?.S === 'string') return value.S.startsWith(prefix.S);
  if (typeof value?.B !== 'string' || typeof prefix?.B !== 'string') return false;
  const start = Buffer.from(prefix.B, 'base64');
  return Buffer.from(value.B, 'base64').subarray(0, start.length).equals(start);
}

/** Text in text, bytes in bytes, or elements in sets and lists. */
function contains(value: Value, part: Value): boolean {
  if (!value || !part) return false;
  const type = typeOf(value);
  const content = value[type] ?? null;
  switch (type) {
    case 'S':
      return typeof part.S === 'string' && String(content).includes(part.S);
    case 'B':
      return (
        typeof part.B === 'string' &&
        Buffer.from(String(content), 'base64').includes(Buffer.from(part.B, 'base64'))
      );
    case 'SS':
    case 'NS':
    case 'BS':
      return typeOf(part) === type[0] && texts(content).includes(String(part[type.slice(0, 1)]));
    case 'L':
      return elements(content).some((element) => areEqual(element, part));
    default:
      return false;
  }
}
