/** Operands of conditions, and which of them functions and `BETWEEN` accept. */
import {
  ATTRIBUTE_TYPES,
  type AttributeType,
  type AttributeValue,
  compareValues,
  typeOf,
} from '../attribute-value';
import type { Path } from './path';

export type Operand =
  | { kind: 'path'; path: Path }
  | { kind: 'value'; value: AttributeValue | undefined }
  | { kind: 'function'; name: string; operands: Operand[]; type: AttributeType | undefined };

/** How many operands each function takes. */
export const OPERAND_COUNTS = new Map([
  ['attribute_exists', 1],
  ['attribute_not_exists', 1],
  ['attribute_type', 2],
  ['begins_with', 2],
  ['contains', 2],
  ['size', 1],
]);

/** What is wrong with the types of a function's operands. */
export function operandsError(name: string, operands: Operand[]): string | undefined {
  const [first, second] = operands;
  switch (name) {
    case 'attribute_exists':
    case 'attribute_not_exists':
      return first?.kind === 'path'
        ? undefined
        : `Operator or function requires a document path; operator or function: ${name}`;
    case 'begins_with':
      return operands
        .map(operandType)
        .filter((type) => type && type !== 'S' && type !== 'B')
        .map((type) => wrongType(name, type))[0];
    case 'attribute_type': {
      const type = second && operandType(second);
      if (second?.kind === 'value' && !second.value) return undefined;
      if (type !== 'S') return wrongType(name, type ?? '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}');
      const wanted = second?.kind === 'value' ? String(second.value?.S) : '';
      return ATTRIBUTE_TYPES.includes(wanted)
        ? undefined
        : `Invalid attribute type name found; type: ${wanted}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`;
    }
    case 'size': {
      const type = first && operandType(first);
      return type && ['N', 'BOOL', 'NULL'].includes(type) ? wrongType(name, type) : undefined;
    }
    default:
      return undefined;
  }
}

/** What is wrong with the bounds of `BETWEEN`. */
export function boundsError(lower: Operand, upper: Operand): string | undefined {
  if (lower.kind !== 'value' || upper.kind !== 'value' || !lower.value || !upper.value) return undefined;
  const rule =
    typeOf(lower.value) !== typeOf(upper.value)
      ? 'same data type for lower and upper bounds'
      : (compareValues(lower.value, upper.value) ?? 0) > 0
        ? 'upper bound to be greater than or equal to lower bound'
        : undefined;
  if (rule === undefined) return undefined;
  return `The BETWEEN operator requires ${rule}; lower bound operand: AttributeValue: ${shown(lower.value)}, upper bound operand: AttributeValue: ${shown(upper.value)}`;
}

function wrongType(name: string, type: string | undefined): string {
  return `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`;
}

function operandType(operand: Operand): AttributeType | undefined {
  if (operand.kind === 'value') return operand.value && typeOf(operand.value);
  return operand.kind === 'function' ? operand.type : undefined;
}

function shown(value: AttributeValue): string {
  const type = typeOf(value);
  const content = value[type];
  return `{${type}:${typeof content === 'object' ? JSON.stringify(content) : content}}`;
}
