/** Conditions from before expressions: `Expected`, `QueryFilter`, `ScanFilter`, `KeyConditions`. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import {
  type Attributes,
  type AttributeValue,
  attributeOf,
  compareValues,
  readValue,
  typeOf,
} from './attribute-value';
import { invalidParameter, validationError } from './dynamodb-error';
import { passes } from './expressions/evaluate';

export interface LegacyCondition {
  comparator: string;
  values: AttributeValue[];
}

/** By attribute name. */
export type LegacyConditions = ReadonlyMap<string, LegacyCondition>;

const NONE: LegacyConditions = new Map();

const VALUE_COUNTS: Record<string, [number, number]> = {
  ...{ NULL: [0, 0], NOT_NULL: [0, 0], BETWEEN: [2, 2], IN: [1, Number.POSITIVE_INFINITY] },
  ...{ EQ: [1, 1], NE: [1, 1], LE: [1, 1], LT: [1, 1], GE: [1, 1], GT: [1, 1] },
  ...{ CONTAINS: [1, 1], NOT_CONTAINS: [1, 1], BEGINS_WITH: [1, 1] },
};

const SCALARS = ['S', 'N', 'B'];

const VALUE_TYPES: Record<string, string[]> = {
  ...{ LE: SCALARS, LT: SCALARS, GE: SCALARS, GT: SCALARS, IN: SCALARS, BETWEEN: SCALARS },
  ...{ CONTAINS: SCALARS, NOT_CONTAINS: SCALARS, BEGINS_WITH: ['S', 'B'] },
  ...{ EQ: [...SCALARS, 'SS', 'NS', 'BS', 'L', 'M', 'BOOL', 'NULL'] },
  ...{ NE: [...SCALARS, 'SS', 'NS', 'BS', 'L', 'M', 'BOOL', 'NULL'] },
};

/** @param operator AND, unless it is OR */
export function meetsConditions(item: Attributes, conditions: LegacyConditions, operator?: Json): boolean {
  if (conditions.size === 0) return true;
  const results = [...conditions].map(([name, { comparator, values }]) =>
    passes(comparator, attributeOf(item, name), values),
  );
  return operator === 'OR' ? results.some(Boolean) : results.every(Boolean);
}

/** @throws {DynamoDbError} if one lacks the values that it needs */
export function readConditions(conditions: Json | undefined): LegacyConditions {
  if (conditions === undefined) return NONE;
  return new Map(
    Object.entries(isObject(conditions) ? conditions : {}).map(([name, condition]) => {
      const { ComparisonOperator, AttributeValueList } = condition as JsonObject;
      const comparator = String(ComparisonOperator);
      const values = ((AttributeValueList ?? []) as Json[]).map((value) => readValue(value));
      checkCount(comparator, values);
      checkSameType(values);
      checkTypes(comparator, values);
      checkBounds(comparator, values);
      return [name, { comparator, values }];
    }),
  );
}

/** @throws {DynamoDbError} if one of them lacks what it needs */
export function readExpected(expected: Json | undefined): LegacyConditions {
  if (expected === undefined) return NONE;
  return new Map(
    Object.entries(isObject(expected) ? expected : {}).map(([name, condition]) => [
      name,
      readExpectation(name, condition as JsonObject),
    ]),
  );
}

function readExpectation(name: string, condition: JsonObject): LegacyCondition {
  const { AttributeValueList: list, ComparisonOperator: operator, Exists: exists, Value: value } = condition;
  if (list !== undefined && value !== undefined) {
    throw invalidParameter(`Value and AttributeValueList cannot be used together for Attribute: ${name}`);
  }
  if (operator === undefined) {
    if (list !== undefined) {
      throw invalidParameter(
        `AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`,
      );
    }
    return readExistence(name, exists, value);
  }
  if (exists !== undefined) {
    throw invalidParameter(`Exists and ComparisonOperator cannot be used together for Attribute: ${name}`);
  }
  const comparator = String(operator);
  if (comparator !== 'NULL' && comparator !== 'NOT_NULL' && list === undefined && value === undefined) {
    throw invalidParameter(
      `Value or AttributeValueList must be used with ComparisonOperator: ${comparator} for Attribute: ${name}`,
    );
  }
  const given = (list ?? (value === undefined ? [] : [value])) as Json[];
  checkCount(comparator, given);
  const values = given.map((one) => readValue(one));
  checkSameType(values);
  checkTypes(comparator, values);
  checkBounds(comparator, values);
  return { comparator, values };
}

function readExistence(name: string, exists: Json | undefined, value: Json | undefined): LegacyCondition {
  if (exists === false) {
    if (value === undefined) return { comparator: 'NULL', values: [] };
    throw invalidParameter(`Value cannot be used when Exists is false for Attribute: ${name}`);
  }
  if (value === undefined) {
    throw invalidParameter(
      `Value must be provided when Exists is ${exists === undefined ? 'null' : exists} for Attribute: ${name}`,
    );
  }
  return { comparator: 'EQ', values: [readValue(value)] };
}

function checkCount(comparator: string, values: Json[]): void {
  const [least, most] = VALUE_COUNTS[comparator] ?? [0, 0];
  if (values.length >= least && values.length <= most) return;
  throw invalidParameter(`Invalid number of argument(s) for the ${comparator} ComparisonOperator`);
}

function checkSameType(values: AttributeValue[]): void {
  if (new Set(values.map(typeOf)).size <= 1) return;
  throw invalidParameter('AttributeValues inside AttributeValueList must be of same type');
}

function checkTypes(comparator: string, values: AttributeValue[]): void {
  const wrong = values.map(typeOf).find((type) => !VALUE_TYPES[comparator]?.includes(type));
  if (wrong === undefined) return;
  throw invalidParameter(`ComparisonOperator ${comparator} is not valid for ${wrong} AttributeValue type`);
}

function checkBounds(comparator: string, [lower, upper]: AttributeValue[]): void {
  if (comparator !== 'BETWEEN' || !lower || !upper || (compareValues(lower, upper) ?? 0) <= 0) return;
  throw validationError(
    'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound',
  );
}
