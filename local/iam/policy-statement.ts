/** Statements of IAM policies, as plain data for the evaluator. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { objectFrom } from '../assembly/values/json-text';

export interface PolicyStatement {
  effect: 'Allow' | 'Deny';
  /** In lower case, because IAM ignores the case of actions. */
  actions: Patterns;
  resources: Patterns;
  conditions: Condition[];
  /** Only in policies of resources. */
  principals?: Principals;
}

/** `Action` or `NotAction`, and the like. */
export interface Patterns {
  patterns: string[];
  /** For `NotAction` and `NotResource`: everything else matches. */
  isInverted: boolean;
}

export interface Condition {
  /** `ForAllValues:StringEquals` */
  operator: string;
  /** In lower case, because IAM ignores the case of condition keys. */
  key: string;
  values: string[];
}

export interface Principals {
  /** ARNs, accounts or `*`. */
  aws: string[];
  services: string[];
  isInverted: boolean;
}

/** Reads a policy document, given as a value or as JSON text. Skips anything that is not a statement. */
export function readStatements(document: Json | undefined): PolicyStatement[] {
  const statement = objectFrom(document)?.Statement;
  return listed(statement)
    .filter(isObject)
    .flatMap((one) => {
      const read = readStatement(one);
      return read ? [read] : [];
    });
}

function readStatement(statement: JsonObject): PolicyStatement | undefined {
  const { Effect, Action, NotAction, Resource, NotResource, Condition, Principal, NotPrincipal } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') return undefined;
  const principal = Principal ?? NotPrincipal;
  return {
    effect: Effect,
    actions: patterns(Action, NotAction, (action) => action.toLowerCase()),
    // Trust policies, and some policies of resources, name no resource.
    resources: patterns(Resource ?? (NotResource === undefined ? '*' : undefined), NotResource),
    conditions: conditions(Condition),
    ...(principal === undefined ? {} : { principals: principals(principal, Principal === undefined) }),
  };
}

function patterns(
  plain: Json | undefined,
  inverted: Json | undefined,
  normal: (text: string) => string = (text) => text,
): Patterns {
  const isInverted = plain === undefined && inverted !== undefined;
  return { patterns: texts(isInverted ? inverted : plain).map(normal), isInverted };
}

function conditions(block: Json | undefined): Condition[] {
  if (!isObject(block)) return [];
  return Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(isObject(keys) ? keys : {}).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: texts(values),
    })),
  );
}

function principals(value: Json, isInverted: boolean): Principals {
  if (value === '*') return { aws: ['*'], services: ['*'], isInverted };
  const { AWS, Service } = isObject(value) ? value : {};
  return { aws: texts(AWS), services: texts(Service), isInverted };
}

/** Converts numbers and booleans to text. */
function texts(value: Json | undefined): string[] {
  return listed(value)
    .filter((one) => one !== null && typeof one !== 'object')
    .map(String);
}

function listed(value: Json | undefined): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
