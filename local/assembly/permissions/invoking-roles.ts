/**
 * Roles that an AWS service uses to invoke functions. Then the role's policies decide, and the function's own
 * permissions do not matter.
 */

import { isGlob } from '../../glob';
import type { Assembly } from '../assembly';
import { isObject, type Json, listAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';
import { isArnLike } from './arn-pattern';

/** AWS managed policies that let a role invoke any function. */
const INVOKING_POLICIES = new Set([
  'AdministratorAccess',
  'AWSLambdaRole',
  'AWSLambda_FullAccess',
  'PowerUserAccess',
]);

/**
 * Assumptions: a role that the app does not define may invoke the function, because its policies are unknown here;
 * and conditions of statements are met.
 */
export class InvokingRoles {
  readonly #assembly: Assembly;
  readonly #service: string;

  constructor(assembly: Assembly, service: string) {
    this.#assembly = assembly;
    this.#service = service;
  }

  /** Why the role does not let the service invoke the function; undefined if it does. */
  refusal(roleArn: string, functionArn: string): string | undefined {
    if (!/^arn:[^:]+:iam::[^:]*:role\//.test(roleArn)) {
      return `invokes with the credentials ${roleArn}, which is not run; use the ARN of a role`;
    }
    const role = this.#assembly
      .resources('AWS::IAM::Role')
      .find((one) => one.stack.attribute(one.logicalId, 'Arn', 'Resources') === roleArn);
    if (!role) return undefined;
    if (!this.#trusts(role)) {
      return `invokes with the role ${role.shortPath}, which ${this.#service} may not assume; set its assumedBy to new ServicePrincipal('${this.#service}')`;
    }
    const statements = this.#statementsOf(role).filter((statement) => covers(statement, functionArn));
    const isDenied = statements.some((statement) => textAt(statement, 'Effect') === 'Deny');
    const isAllowed = statements.length > 0 || hasInvokingPolicy(role);
    if (isAllowed && !isDenied) return undefined;
    return `invokes with the role ${role.shortPath}, whose policies do not allow lambda:InvokeFunction on ${functionArn}; call grantInvoke(role) of the function`;
  }

  #trusts(role: Resource): boolean {
    return statementsIn(role.property('AssumeRolePolicyDocument')).some((statement) => {
      const principal = isObject(statement) ? statement.Principal : undefined;
      const services = isObject(principal) ? texts(principal.Service) : texts(principal);
      return services.some((service) => service === this.#service || service === '*');
    });
  }

  #statementsOf(role: Resource): Json[] {
    const roleName = role.stack.reference(role.logicalId, 'Resources');
    const roleArn = role.stack.attribute(role.logicalId, 'Arn', 'Resources');
    const managed = texts(role.property('ManagedPolicyArns'));
    const attached = this.#assembly
      .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy')
      .filter((policy) => {
        const names = [...texts(policy.property('Roles')), policy.text('RoleName')];
        const reference = String(policy.stack.reference(policy.logicalId, 'Resources'));
        return names.some((name) => name === roleName || name === roleArn) || managed.includes(reference);
      });
    return [
      ...attached.flatMap((policy) => statementsIn(policy.property('PolicyDocument'))),
      ...listAt({ policies: role.property('Policies') ?? [] }, 'policies').flatMap((policy) =>
        statementsIn(isObject(policy) ? policy.PolicyDocument : undefined),
      ),
    ];
  }
}

function hasInvokingPolicy(role: Resource): boolean {
  return texts(role.property('ManagedPolicyArns')).some((arn) =>
    INVOKING_POLICIES.has(arn.split('/').at(-1) ?? ''),
  );
}

function statementsIn(document: Json | undefined): Json[] {
  const statement = isObject(document) ? document.Statement : undefined;
  if (statement === undefined) return [];
  return Array.isArray(statement) ? statement : [statement];
}

function covers(statement: Json, functionArn: string): boolean {
  if (!isObject(statement)) return false;
  const { Action, NotAction, Resource: resource, NotResource } = statement;
  const isAction = (action: string) => isGlob('lambda:invokefunction', action.toLowerCase());
  const isResource = (pattern: string) => pattern === '*' || isArnLike(functionArn, pattern);
  const action = NotAction === undefined ? texts(Action).some(isAction) : !texts(NotAction).some(isAction);
  if (!action) return false;
  return NotResource === undefined ? texts(resource).some(isResource) : !texts(NotResource).some(isResource);
}

function texts(value: Json | undefined): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}
