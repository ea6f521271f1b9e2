/** Which parameters of a request may be combined. */
import type { JsonObject } from '../../assembly/values/json';
import { invalidParameter, validationError } from '../dynamodb-error';
import { Placeholders } from '../expressions/placeholders';

/**
 * @throws {DynamoDbError} if a request has both expressions and their legacy counterparts, or placeholders without
 * expressions
 */
export function refuseMixture(input: JsonObject, expressions: string[], others: string[]): void {
  // Most requests for one item have no expression at all.
  if (hasNone(input, expressions) && hasNone(input, PLACEHOLDERS)) return;
  const given = expressions.filter((name) => input[name] !== undefined);
  if (given.length > 0) {
    const isKeysAlone = input.KeyConditions !== undefined && input.KeyConditionExpression === undefined;
    const mixed = others.filter(
      (name) => input[name] !== undefined && !(name === 'KeyConditions' && isKeysAlone),
    );
    if (mixed.length > 0) {
      throw validationError(
        `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${mixed.join(', ')}} Expression parameters: {${given.join(', ')}}`,
      );
    }
  } else if (input.ExpressionAttributeNames !== undefined) {
    throw validationError('ExpressionAttributeNames can only be specified when using expressions');
  }
  const withValues = expressions.filter((name) => name !== 'ProjectionExpression');
  if (
    withValues.length > 0 &&
    input.ExpressionAttributeValues !== undefined &&
    withValues.every((name) => input[name] === undefined)
  ) {
    throw validationError(
      `ExpressionAttributeValues can only be specified when using expressions: ${withValues.join(' and ')} ${withValues.length > 1 ? 'are' : 'is'} null`,
    );
  }
}

const PLACEHOLDERS = ['ExpressionAttributeNames', 'ExpressionAttributeValues'];

function hasNone(input: JsonObject, names: readonly string[]): boolean {
  for (const name of names) if (input[name] !== undefined) return false;
  return true;
}

const NONE = new Placeholders(undefined, undefined);

export function placeholdersOf(input: JsonObject): Placeholders {
  if (input.ExpressionAttributeNames === undefined && input.ExpressionAttributeValues === undefined) {
    return NONE;
  }
  return new Placeholders(
    input.ExpressionAttributeNames as JsonObject | undefined,
    input.ExpressionAttributeValues as JsonObject | undefined,
  );
}

/** @throws {DynamoDbError} if an attribute is requested twice */
export function refuseDuplicateNames(input: JsonObject): void {
  if (input.AttributesToGet === undefined) return;
  const names = input.AttributesToGet as string[];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw invalidParameter(`Duplicate value in attribute name: ${twice}`);
}
