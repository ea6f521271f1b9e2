/** Statements of IAM policies: what the evaluator needs of them, as plain data. */
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { objectFrom } from '../assembly/values/json-text';

export interface PolicyStatement {
  effect: 'Allow' | 'Deny';
  /** In lower case, since IAM's actions have no case. */
  actions: Patterns;
  resources: Patterns;
  conditions: Condition[];
  /** Whom a statement of a resource's own policy is about. */
  principals?: Principals;
}

/** What `Action` or `NotAction` says, and the like. */
export interface Patterns {
  patterns: string[];
  /** Whether everything matches that none of the patterns does. */
  isInverted: boolean;
}

export interface Condition {
  /** `ForAllValues:StringEquals` */
  operator: string;
  /** In lower case, since condition keys have no case. */
  key: string;
  values: string[];
}

export interface Principals {
  /** ARNs, accounts or `*`. */
  aws: string[];
  services: string[];
  isInverted: boolean;
}

/** The statements of a policy document, given as a value or as JSON text. What is no statement is left out. */
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
    // A trust policy, or the policy of a resource that stands for itself, names none.
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

/** Numbers and booleans count as their texts. */
function texts(value: Json | undefined): string[] {
  return listed(value)
    .filter((one) => one !== null && typeof one !== 'object')
    .map(String);
}

function listed(value: Json | undefined): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
