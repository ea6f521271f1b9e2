/**
 * Reads the roles of an app's functions with all their policies: inline, attached and managed ones, and the permissions
 * boundary.
 */
import { awsManagedPolicy, awsManagedPolicyName } from '../../iam/aws-managed-policies';
import { isKnownOperator } from '../../iam/conditions';
import { type PolicyStatement, readStatements } from '../../iam/policy-statement';
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { LambdaFunction, OtherResource, Role } from '../model';
import { isObject, type Json } from '../values/json';
import type { Resource } from '../values/resource';

export interface ReadRoles {
  roles: Role[];
  /** Unknown policies, and functions whose role is not part of the app. */
  notRun: OtherResource[];
}

/** @param others of AWS's services, for what they do on behalf of the app */
export function readRoles(
  assembly: Assembly,
  functions: readonly LambdaFunction[],
  others: readonly string[],
): ReadRoles {
  const reader = new RoleReader(assembly);
  const arns = new Set([...functions.flatMap(({ roleArn }) => roleArn ?? []), ...others]);
  const roles = assembly.resources('AWS::IAM::Role').flatMap((resource) => {
    const roleArn = String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources'));
    return arns.has(roleArn) ? [reader.read(resource, roleArn, functions)] : [];
  });
  const known = new Set(roles.map(({ roleArn }) => roleArn));
  const strangers = functions.filter(({ roleArn }) => roleArn !== undefined && !known.has(roleArn));
  return {
    roles,
    notRun: [
      ...reader.notRun,
      ...strangers.map(({ path, roleArn }) => ({
        type: 'AWS::IAM::Role',
        path,
        reason: `has the role ${roleArn}, which the app does not define, so locally the function may do everything`,
      })),
    ],
  };
}

/** Reads roles, and collects in `notRun` what it cannot interpret. */
export class RoleReader {
  readonly notRun: OtherResource[] = [];
  readonly #assembly: Assembly;
  readonly #policies: Resource[];

  constructor(assembly: Assembly) {
    this.#assembly = assembly;
    this.#policies = assembly.resources(
      'AWS::IAM::Policy',
      'AWS::IAM::ManagedPolicy',
      'AWS::IAM::RolePolicy',
    );
  }

  /** @param functions whose paths `notRun` names. @default none */
  read(role: Resource, roleArn: string, functions: readonly LambdaFunction[] = []): Role {
    const users = functions.filter((one) => one.roleArn === roleArn).map(({ path }) => shortPath(path));
    const roleName = role.ref;
    const managed = this.#texts(role, 'ManagedPolicyArns');
    const boundary = this.#texts(role, 'PermissionsBoundary')[0];
    const inline = this.#tolerantly(role, 'Policies');
    const statements = [
      ...(Array.isArray(inline) ? inline : []).flatMap((policy) =>
        this.#statements(role, isObject(policy) ? policy.PolicyDocument : undefined, users),
      ),
      ...this.#attachedTo(roleName, roleArn).flatMap((policy) => this.#documentOf(policy, users)),
      ...managed.flatMap((arn) => this.#managed(arn, role, users) ?? []),
    ];
    const bounds = boundary === undefined ? undefined : this.#managed(boundary, role, users);
    return { path: role.path, roleName, roleArn, statements, ...(bounds && { boundary: bounds }) };
  }

  #attachedTo(roleName: string, roleArn: string): Resource[] {
    return this.#policies.filter((policy) => {
      const names = [...this.#texts(policy, 'Roles'), ...this.#texts(policy, 'RoleName')];
      return names.some((name) => name === roleName || name === roleArn);
    });
  }

  /** The statements of a managed policy, which is the app's or AWS's. */
  #managed(arn: string, role: Resource, users: string[]): PolicyStatement[] | undefined {
    const own = this.#assembly.resources('AWS::IAM::ManagedPolicy').find((policy) => policy.ref === arn);
    if (own) return this.#documentOf(own, users);
    const name = awsManagedPolicyName(arn);
    const known = name === undefined ? undefined : awsManagedPolicy(name);
    if (known) return known;
    this.notRun.push({
      type: 'AWS::IAM::ManagedPolicy',
      path: role.path,
      reason: `its policy ${name ?? arn} is not known to the runtime; add the permissions that the app needs to a policy of the app`,
      cost: `AccessDenied for what only ${name ?? arn} allows ${users.join(', ')}`,
    });
    return undefined;
  }

  #documentOf(policy: Resource, users: string[]): PolicyStatement[] {
    return this.#statements(policy, this.#tolerantly(policy, 'PolicyDocument'), users);
  }

  #statements(owner: Resource, document: Json | undefined, users: string[]): PolicyStatement[] {
    const statements = readStatements(document);
    for (const { conditions } of statements) {
      for (const { operator } of conditions) {
        if (isKnownOperator(operator)) continue;
        this.notRun.push({
          type: 'condition',
          path: owner.path,
          reason: `has the condition operator ${operator}, which IAM does not have, so its statement never applies`,
          cost: `AccessDenied for what only that statement allows ${users.join(', ')}`,
        });
      }
    }
    return statements;
  }

  #texts(resource: Resource, property: string): string[] {
    const value = this.#tolerantly(resource, property);
    if (value === undefined || value === null) return [];
    return (Array.isArray(value) ? value : [value]).map(String);
  }

  /** A policy with values that cannot be resolved is ignored, and listed in `notRun`. */
  #tolerantly(resource: Resource, property: string): Json | undefined {
    try {
      return resource.property(property);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.notRun.push({ type: resource.type, path: resource.path, reason: error.message });
      return undefined;
    }
  }
}

function shortPath(path: string): string {
  return path.replace(/\/(Resource|Default)$/, '');
}
