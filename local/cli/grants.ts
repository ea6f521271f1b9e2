/** The permissions of an app's functions, from the IAM policies in its templates. */
import type { Assembly } from '../assembly/assembly';
import { isObject, type Json, listAt, textAt } from '../assembly/values/json';
import type { Resource } from '../assembly/values/resource';
import { type Names, tolerant } from './names';

export interface Grant {
  function: string;
  actions: string[];
  resources: string[];
  /** Whether a wildcard leaves a resource open. */
  isWide: boolean;
}

export function readGrants(assembly: Assembly, names: Names): Grant[] {
  return assembly.resources('AWS::Lambda::Function').flatMap((lambdaFunction) => {
    const role = roleOf(lambdaFunction, assembly, names);
    if (!role) return [];
    const name = names.short(lambdaFunction);
    return [
      ...policiesOf(role, assembly, names).map((statement) => ({
        function: name,
        ...grant(statement, names),
      })),
      ...managedPolicies(role).map((policy) => ({
        function: name,
        actions: [`(${policy})`],
        resources: [],
        isWide: false,
      })),
    ];
  });
}

/** A statement from a template, and the resource that contains it. */
interface Statement {
  owner: Resource;
  definition: Json;
}

function roleOf(lambdaFunction: Resource, assembly: Assembly, names: Names): Resource | undefined {
  const arn = tolerant(() => lambdaFunction.text('Role'));
  return assembly.resources('AWS::IAM::Role').find((role) => arn !== undefined && names.arnOf(role) === arn);
}

function policiesOf(role: Resource, assembly: Assembly, names: Names): Statement[] {
  const roleName = names.referenceOf(role);
  const attached = assembly
    .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy')
    .filter((policy) => {
      const roles = tolerant(() => policy.property('Roles'));
      const isListed = Array.isArray(roles) && roles.some((name) => name === roleName);
      return isListed || tolerant(() => policy.text('RoleName')) === roleName;
    });
  return [
    ...attached.flatMap((policy) => statementsIn(policy, policy.properties)),
    ...listAt(role.properties, 'Policies').flatMap((policy) => statementsIn(role, policy)),
  ];
}

function statementsIn(owner: Resource, policy: Json): Statement[] {
  const document = isObject(policy) ? policy.PolicyDocument : undefined;
  const statement = isObject(document) ? document.Statement : undefined;
  if (statement === undefined) return [];
  return (Array.isArray(statement) ? statement : [statement]).map((definition) => ({ owner, definition }));
}

/** AWS managed policies, by name. */
function managedPolicies(role: Resource): string[] {
  const arns = tolerant(() => role.property('ManagedPolicyArns'));
  return (Array.isArray(arns) ? arns : [])
    .filter((arn): arn is string => typeof arn === 'string' && arn.includes(':aws:policy/'))
    .map((arn) => arn.split('/').at(-1) ?? arn);
}

function grant(statement: Statement, names: Names): Omit<Grant, 'function'> {
  const { definition } = statement;
  const shortened = texts(statement, 'Resource').map((resource) => names.shorten(resource));
  return {
    actions: [
      ...(textAt(definition, 'Effect') === 'Deny' ? ['DENY'] : []),
      ...texts(statement, 'Action'),
      ...texts(statement, 'NotAction').map((action) => `all but ${action}`),
      ...(isObject(definition) && definition.Condition !== undefined ? ['(on a condition)'] : []),
    ],
    resources: [
      ...shortened,
      ...texts(statement, 'NotResource').map((resource) => `all but ${names.shorten(resource)}`),
    ],
    isWide: shortened.some((resource) => resource.includes('*')),
  };
}

/** One text or a list of texts. References to values that only AWS knows stay as they are. */
function texts({ owner, definition }: Statement, key: string): string[] {
  const value = isObject(definition) ? definition[key] : undefined;
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((item) => {
    const resolved = tolerant(() => owner.stack.resolve(item, owner.at('PolicyDocument')));
    return resolved === undefined ? JSON.stringify(item) : String(resolved);
  });
}
