/**
 * The constraints on members of a request. Like DynamoDB, reports all violations together: "2 validation errors
 * detected: …".
 */
import { isObject, type Json, type JsonObject } from '../../assembly/values/json';
import { validationError } from '../dynamodb-error';
import { type Constraint, type Fields, membersOf, type Shape } from './shape';

const MAX_ERRORS = 10;

export const notNull: Constraint = {
  rule: 'Member must not be null',
  holds: (value) => value !== null,
  seesNull: true,
};

export const atLeast = (least: number): Constraint => ({
  rule: `Member must have value greater than or equal to ${least}`,
  holds: (value) => Number(value) >= least,
});

export const atMost = (most: number): Constraint => ({
  rule: `Member must have value less than or equal to ${most}`,
  holds: (value) => Number(value) <= most,
});

export const minLength = (least: number): Constraint => ({
  rule: `Member must have length greater than or equal to ${least}`,
  holds: (value) => lengthOf(value) >= least,
});

export const maxLength = (most: number): Constraint => ({
  rule: `Member must have length less than or equal to ${most}`,
  holds: (value) => lengthOf(value) <= most,
});

export const pattern = (expression: string): Constraint => {
  const compiled = new RegExp(`^${expression}$`);
  return {
    rule: `Member must satisfy regular expression pattern: ${expression}`,
    holds: (value) => compiled.test(String(value)),
  };
};

export const oneOf = (...values: string[]): Constraint => ({
  rule: `Member must satisfy enum value set: [${values.join(', ')}]`,
  holds: (value) => values.includes(String(value)),
});

export const everyKey = (...constraints: Constraint[]): Constraint => ({
  rule: `Map keys must satisfy constraint: [${constraints.map(({ rule }) => rule).join(', ')}]`,
  holds: (value) =>
    Object.keys(value as JsonObject).every((key) => constraints.every((one) => one.holds(key))),
});

export const everyValue = (...constraints: Constraint[]): Constraint => ({
  rule: `Map value must satisfy constraint: [${constraints.map(({ rule }) => rule).join(', ')}]`,
  // A value that is null breaks a rule of its own: see `checkElement`.
  holds: (value) =>
    Object.values(value as JsonObject).every(
      (one) => one === null || constraints.every((rule) => rule.holds(one)),
    ),
});

/** @throws {DynamoDbError} a ValidationException with all violations */
export function checkConstraints(input: JsonObject, fields: Fields): void {
  const errors: string[] = [];
  checkFields(input, fields, '', errors);
  if (errors.length === 0) return;
  const shown = errors.slice(0, MAX_ERRORS);
  throw validationError(
    `${shown.length} validation error${shown.length > 1 ? 's' : ''} detected: ${shown.join('; ')}`,
  );
}

function checkFields(input: JsonObject, fields: Fields, parent: string, errors: string[]): void {
  for (const [name, shape] of membersOf(fields)) {
    const value = input[name] ?? null;
    if (isFine(value, shape)) continue;
    checkShape(value, shape, `${parent}${name[0]?.toLowerCase()}${name.slice(1)}`, errors);
  }
}

/** Most values are, and then nothing needs to know where they are. */
function isFine(value: Json, shape: Shape): boolean {
  for (const constraint of shape.constraints) {
    if ((value !== null || constraint.seesNull) && !constraint.holds(value)) return false;
  }
  if (value === null) return true;
  switch (shape.kind) {
    case 'structure':
      return false;
    case 'list':
    case 'map':
      return shape.of.kind === 'attributeValue';
    default:
      return true;
  }
}

function checkShape(value: Json, shape: Shape, path: string, errors: string[]): void {
  for (const { rule, holds, seesNull } of shape.constraints) {
    if ((value !== null || seesNull) && !holds(value)) errors.push(failure(value, path, rule));
  }
  if (value === null) return;
  switch (shape.kind) {
    case 'structure':
      checkFields(value as JsonObject, shape.fields, `${path}.`, errors);
      break;
    case 'list':
      for (const [index, one] of (value as Json[]).entries()) {
        checkElement(one, shape.of, `${path}.${index + 1}.member`, errors);
      }
      break;
    case 'map':
      for (const [name, one] of Object.entries(value as JsonObject)) {
        checkElement(one, shape.of, `${path}.${name}.member`, errors);
      }
  }
}

/** Attribute values are checked when they are read. */
function checkElement(value: Json, shape: Shape, path: string, errors: string[]): void {
  if (shape.kind === 'attributeValue') return;
  if (value === null) errors.push(failure(value, path, notNull.rule));
  else if (errors.length < MAX_ERRORS) checkShape(value, shape, path, errors);
}

function failure(value: Json, path: string, rule: string): string {
  const shown = value === null ? 'null' : `'${shownAs(value)}'`;
  return `Value ${shown} at '${path}' failed to satisfy constraint: ${rule}`;
}

/** Large values are truncated. */
const MAX_SHOWN_CHARACTERS = 10_000;

function shownAs(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(shownAs).join(', ')}]`.slice(0, MAX_SHOWN_CHARACTERS);
  return (isObject(value) ? JSON.stringify(value) : String(value)).slice(0, MAX_SHOWN_CHARACTERS);
}

function lengthOf(value: Json): number {
  return typeof value === 'string' || Array.isArray(value)
    ? value.length
    : Object.keys(value as JsonObject).length;
}
