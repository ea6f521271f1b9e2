/** Which attributes of an item a request asks for. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import { type Path, project } from '../expressions/path';
import type { Placeholders } from '../expressions/placeholders';
import { type Projection, readProjection } from '../expressions/projection';
import { placeholdersOf, refuseDuplicateNames, refuseMixture } from './expression-parameters';

export interface Projected {
  projected(item: Attributes): Attributes;
  /** First names of paths that lead into an attribute. */
  nestedNames?: ReadonlySet<string>;
  /** Undefined if all attributes are requested. */
  paths?: Path[];
}

const WHOLE: Projected = { projected: (item) => item };

/** @throws {DynamoDbError} if a request without other expressions selects attributes in two ways */
export function refuseMixedProjection(input: JsonObject): void {
  refuseMixture(input, ['ProjectionExpression'], ['AttributesToGet']);
}

/** For requests without other expressions. @throws {DynamoDbError} */
export function projectionOf(input: JsonObject): Projected {
  refuseDuplicateNames(input);
  const placeholders = placeholdersOf(input);
  const projected = readProjected(input, placeholders);
  placeholders.refuseUnused();
  return projected;
}

/** For requests with other expressions, which are read first. */
export function readProjected(input: JsonObject, placeholders: Placeholders): Projected {
  if (input.ProjectionExpression === undefined && input.AttributesToGet === undefined) return WHOLE;
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
