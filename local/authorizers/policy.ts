/**
 * Whether an authorizer's policy lets a client invoke a method. Source: "Output from a Lambda authorizer" (REST),
 * which HTTP APIs and WebSocket APIs share.
 */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { readStatements } from '../iam/policy-statement';
import type { RequestContext } from '../iam/request-context';
import { applies, hasAction } from '../iam/statement-match';

export type Verdict =
  | 'allowed'
  /** By a Deny. */
  | 'denied'
  /** No statement is about the method. */
  | 'notAllowed';

/** Nothing is allowed without a statement, and a Deny overrides every Allow. */
export function verdictOf(policyDocument: JsonObject, methodArn: string): Verdict {
  // Conditions are not evaluated. To be no more permissive than AWS, an Allow with a condition does not count.
  const matching = readStatements(policyDocument)
    .filter(({ effect, conditions }) => effect === 'Deny' || conditions.length === 0)
    .filter(
      (statement) =>
        hasAction(statement, 'execute-api:invoke') &&
        applies({ ...statement, conditions: [] }, methodArn, NO_CONTEXT),
    );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'denied';
  return matching.length > 0 ? 'allowed' : 'notAllowed';
}

/** Each statement must have an effect, actions and resources. */
export function isPolicy(document: unknown): document is JsonObject {
  if (!isObject(document as Json)) return false;
  const { Statement } = document as JsonObject;
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  return statements.length > 0 && statements.every(isStatement);
}

function isStatement(value: Json | undefined): boolean {
  if (!isObject(value)) return false;
  const { Effect, Action, Resource } = value;
  return (Effect === 'Allow' || Effect === 'Deny') && isText(Action) && isText(Resource);
}

/** A text or a list of texts. */
function isText(value: Json | undefined): boolean {
  return (Array.isArray(value) ? value : [value]).every((text) => typeof text === 'string');
}

const NO_CONTEXT: RequestContext = () => undefined;
