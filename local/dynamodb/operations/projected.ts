/** Which attributes of an item a request asks for. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import { type Path, project } from '../expressions/path';
import type { Placeholders } from '../expressions/placeholders';
import { type Projection, readProjection } from '../expressions/projection';
import { placeholdersOf, refuseDuplicateNames, refuseMixture } from './expression-parameters';

export interface Projected {
  projected(item: Attributes): Attributes;
  /** First names of paths that go inside an attribute. */
  nestedNames?: ReadonlySet<string>;
  /** None, if all attributes are asked for. */
  paths?: Path[];
}

/**
 * Of requests that have no other expression.
 * @param checkValues what DynamoDB looks at before it reads the expression
 * @throws {DynamoDbError}
 */
export function projectionOf(input: JsonObject, checkValues: () => void = () => {}): Projected {
  refuseMixture(input, ['ProjectionExpression'], ['AttributesToGet']);
  checkValues();
  refuseDuplicateNames(input);
  const placeholders = placeholdersOf(input);
  const projected = readProjected(input, placeholders);
  placeholders.refuseUnused();
  return projected;
}

/** Of requests that have others: these are read before. */
export function readProjected(input: JsonObject, placeholders: Placeholders): Projected {
  const projection: Projection | undefined =
    input.ProjectionExpression === undefined
      ? undefined
      : readProjection(String(input.ProjectionExpression), placeholders);
  const paths =
    projection?.paths ?? (input.AttributesToGet as string[] | undefined)?.map((name): Path => [name]);
  return {
    projected: paths ? (item) => project(item, paths) : (item) => item,
    ...(projection && { nestedNames: projection.nestedNames }),
    ...(paths && { paths }),
  };
}
