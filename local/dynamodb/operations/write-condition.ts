/** The condition of a write: an expression or, in older requests, `Expected`. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import { conditionFailed } from '../dynamodb-error';
import { readCondition } from '../expressions/condition';
import { meets } from '../expressions/evaluate';
import { readUpdate, type Update } from '../expressions/update';
import { meetsConditions, readExpected } from '../legacy-conditions';
import type { StoredItem } from '../stored-item';
import { placeholdersOf } from './expression-parameters';

const NO_ATTRIBUTES: Attributes = {};

export class WriteCondition {
  readonly #holds: (item: Attributes) => boolean;
  readonly #returnsOld: boolean;

  /** @param nestedNames first names of the paths that lead into an attribute */
  constructor(
    holds: (item: Attributes) => boolean,
    returnsOld: boolean,
    readonly nestedNames?: ReadonlySet<string>,
  ) {
    this.#holds = holds;
    this.#returnsOld = returnsOld;
  }

  /** @throws {DynamoDbError} if it does not hold */
  check(before: StoredItem | undefined): void {
    if (this.#holds(before?.attributes ?? NO_ATTRIBUTES)) return;
    throw conditionFailed(this.#returnsOld && before ? { Item: before.attributes } : {});
  }
}

/** Most writes have none. */
const ALWAYS = new WriteCondition(() => true, false);

/** A write's expressions, which share their placeholders. */
export interface WriteExpressions {
  condition: WriteCondition;
  update: Update | undefined;
}

/** @throws {DynamoDbError} */
export function readWriteExpressions(input: JsonObject): WriteExpressions {
  const expected = readExpected(input.Expected);
  const placeholders = placeholdersOf(input);
  const update =
    input.UpdateExpression === undefined
      ? undefined
      : readUpdate(String(input.UpdateExpression), placeholders);
  const returnsOld = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
  let condition = ALWAYS;
  if (input.ConditionExpression !== undefined) {
    const read = readCondition('ConditionExpression', String(input.ConditionExpression), placeholders);
    condition = new WriteCondition((item) => meets(item, read.condition), returnsOld, read.nestedNames);
  } else if (expected.size > 0) {
    const holds = (item: Attributes) => meetsConditions(item, expected, input.ConditionalOperator);
    condition = new WriteCondition(holds, returnsOld);
  }
  placeholders.refuseUnused();
  return { condition, update };
}
