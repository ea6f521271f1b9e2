/** A query's conditions on keys: the partition, and a range of sort keys. */
import type { JsonObject } from '../../assembly/values/json';
import { type AttributeValue, typeOf } from '../attribute-value';
import { invalidParameter, validationError } from '../dynamodb-error';
import { type Condition, type ConditionExpression, readCondition } from '../expressions/condition';
import type { Operand } from '../expressions/operand';
import type { Placeholders } from '../expressions/placeholders';
import {
  emptyKey,
  type KeyAttribute,
  type KeySchema,
  keyAttributes,
  partitionPosition,
  sortPosition,
  upTo,
} from '../key';
import { type LegacyCondition, type LegacyConditions, readConditions } from '../legacy-conditions';

const COMPARATORS: Record<string, string> = {
  ...{ '=': 'EQ', '<': 'LT', '<=': 'LE', '>': 'GT', '>=': 'GE' },
  ...{ between: 'BETWEEN', begins_with: 'BEGINS_WITH' },
};

const MIRRORED: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

export function readKeyCondition(
  { KeyConditionExpression: expression }: JsonObject,
  placeholders: Placeholders,
): ConditionExpression | undefined {
  return expression === undefined
    ? undefined
    : readCondition('KeyConditionExpression', String(expression), placeholders);
}

/** @throws {DynamoDbError} if they are not conditions on a key */
export function keyConditionsOf(
  input: JsonObject,
  expression: ConditionExpression | undefined,
): LegacyConditions {
  if (!expression) return readConditions(input.KeyConditions);
  const { condition } = expression;
  const conditions = new Map<string, LegacyCondition>();
  collect(condition, conditions);
  for (const { comparator, values } of conditions.values()) checkValueTypes(comparator, values);
  return conditions;
}

function checkValueTypes(comparator: string, values: AttributeValue[]): void {
  const wrong = values.map(typeOf).find((type) => !['S', 'N', 'B'].includes(type) && comparator !== 'EQ');
  if (wrong === undefined) return;
  throw invalidParameter(`ComparisonOperator ${comparator} is not valid for ${wrong} AttributeValue type`);
}

function collect(condition: Condition, conditions: Map<string, LegacyCondition>): void {
  if (condition.kind === 'and') {
    collect(condition.left, conditions);
    collect(condition.right, conditions);
    return;
  }
  if (condition.kind !== 'test') throw invalidOperator(condition.kind.toUpperCase());
  const { comparator, operands, isFunction } = condition;
  if (isFunction && comparator !== 'begins_with') throw invalidOperator(comparator);
  if (comparator === 'in' || comparator === '<>') throw invalidOperator(comparator.toUpperCase());
  if ((comparator === 'between' || isFunction) && operands[0]?.kind !== 'path') {
    throw validationError(
      `Invalid condition in KeyConditionExpression: ${isFunction ? comparator : 'BETWEEN'} operator must have the key attribute as its first operand`,
    );
  }
  const { name, isFirst } = keyOperand(operands);
  if (conditions.has(name)) {
    throw validationError('KeyConditionExpressions must only contain one condition per key');
  }
  const values = operands.flatMap((operand) =>
    operand.kind === 'value' && operand.value ? [operand.value] : [],
  );
  const sign = isFirst ? comparator : (MIRRORED[comparator] ?? comparator);
  conditions.set(name, { comparator: COMPARATORS[sign] ?? sign, values });
}

function keyOperand(operands: Operand[]): { name: string; isFirst: boolean } {
  let found: { name: string; isFirst: boolean } | undefined;
  for (const [index, operand] of operands.entries()) {
    if (operand.kind === 'function') {
      throw validationError('KeyConditionExpressions cannot contain nested operations');
    }
    if (operand.kind !== 'path') continue;
    if (found) {
      throw validationError(
        'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition',
      );
    }
    if (operand.path.length > 1) {
      throw validationError('KeyConditionExpressions cannot have conditions on nested attributes');
    }
    found = { name: String(operand.path[0]), isFirst: index === 0 };
  }
  if (found) return found;
  throw validationError('Invalid condition in KeyConditionExpression: No key attribute specified');
}

function invalidOperator(operator: string): Error {
  return validationError(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

const NOT_INDEXABLE = ['NULL', 'NOT_NULL', 'NE', 'CONTAINS', 'NOT_CONTAINS', 'IN'];

/**
 * @param checkFirst runs before the check of each attribute
 * @throws {DynamoDbError} if the conditions are not on this key
 */
export function checkKeyConditions(
  conditions: LegacyConditions,
  schema: KeySchema,
  checkFirst: (attribute: KeyAttribute) => void,
): void {
  for (const attribute of keyAttributes(schema)) {
    checkFirst(attribute);
    const isPartition = attribute === schema[0];
    if (isPartition && !schema[1] && conditions.size > 1) {
      throw validationError('Query key condition not supported');
    }
    const condition = conditions.get(attribute.name);
    if (!condition) {
      if (!isPartition && conditions.size === 1) continue;
      throw validationError(`Query condition missed key schema element: ${attribute.name}`);
    }
    if (NOT_INDEXABLE.includes(condition.comparator)) {
      throw validationError('Attempted conditional constraint is not an indexable operation');
    }
    if (condition.values.some((value) => value[attribute.type] === undefined)) {
      throw invalidParameter('Condition parameter type does not match schema type');
    }
    if (isPartition && condition.comparator !== 'EQ') {
      throw validationError('Query key condition not supported');
    }
    if (condition.values.some((value) => value[attribute.type] === '') && isPartition) {
      throw emptyKey(attribute.name, attribute.type);
    }
  }
}

/** The range of positions that meet the conditions: from the first, and before the second. */
export function keyRange(conditions: LegacyConditions, schema: KeySchema): [string, string] {
  const [partition, sort] = schema;
  const value = conditions.get(partition.name)?.values[0] as AttributeValue;
  const position = partitionPosition(value);
  const condition = sort && conditions.get(sort.name);
  return condition ? sortRange(position, condition) : [position, upTo(position)];
}

function sortRange(partition: string, { comparator, values }: LegacyCondition): [string, string] {
  const [value, upper] = values as [AttributeValue, AttributeValue?];
  const at = partition + sortPosition(value);
  switch (comparator) {
    case 'EQ':
      return [at, upTo(at)];
    case 'LT':
      return [partition, at];
    case 'LE':
      return [partition, upTo(at)];
    case 'GT':
      return [upTo(at), upTo(partition)];
    case 'GE':
      return [at, upTo(partition)];
    case 'BETWEEN':
      return [at, upTo(partition + sortPosition(upper ?? value))];
    default: {
      const prefix = partition + sortPosition(value, false);
      return [prefix, upTo(prefix)];
    }
  }
}
