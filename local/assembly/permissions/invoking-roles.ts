/**
 * Roles with which an AWS service invokes functions. Their policies decide; the function's own permissions do not
 * matter.
 */
import { PolicyEvaluator } from '../../iam/policy-evaluator';
import { readStatements } from '../../iam/policy-statement';
import type { RequestContext } from '../../iam/request-context';
import type { Assembly } from '../assembly';
import type { Resource } from '../values/resource';
import { RoleReader } from './roles';

/** Assumption: a role that the app does not define may invoke the function, because its policies are unknown here. */
export class InvokingRoles {
  readonly #assembly: Assembly;
  readonly #service: string;
  readonly #reader: RoleReader;

  constructor(assembly: Assembly, service: string) {
    this.#assembly = assembly;
    this.#service = service;
    this.#reader = new RoleReader(assembly);
  }

  /** Why the service cannot invoke the function with this role; undefined if it can. */
  refusal(roleArn: string, functionArn: string): string | undefined {
    const distrust = this.distrust(roleArn);
    const role = this.#role(roleArn);
    if (distrust !== undefined || !role) return distrust;
    if (this.#mayInvoke(role, roleArn, functionArn)) return undefined;
    return `invokes with the role ${role.shortPath}, whose policies do not allow lambda:InvokeFunction on ${functionArn}; call grantInvoke(role) of the function`;
  }

  /** Why the service may not assume the role; undefined if it may. */
  distrust(roleArn: string): string | undefined {
    if (!/^arn:[^:]+:iam::[^:]*:role\//.test(roleArn)) {
      return `invokes with the credentials ${roleArn}, which is not run; use the ARN of a role`;
    }
    const role = this.#role(roleArn);
    if (!role || this.#trusts(role)) return undefined;
    return `invokes with the role ${role.shortPath}, which ${this.#service} may not assume; set its assumedBy to new ServicePrincipal('${this.#service}')`;
  }

  #role(roleArn: string): Resource | undefined {
    return this.#assembly
      .resources('AWS::IAM::Role')
      .find((one) => one.stack.attribute(one.logicalId, 'Arn', 'Resources') === roleArn);
  }

  #trusts(role: Resource): boolean {
    return readStatements(role.property('AssumeRolePolicyDocument')).some(({ effect, principals }) => {
      const { services = [], aws = [] } = principals ?? {};
      return effect === 'Allow' && [...services, ...aws].some((one) => one === this.#service || one === '*');
    });
  }

  #mayInvoke(role: Resource, roleArn: string, functionArn: string): boolean {
    const { statements, boundary } = this.#reader.read(role, roleArn);
    const { accountId } = role.stack;
    const evaluator = new PolicyEvaluator({
      ...{ arn: roleArn, roleArn, accountId, statements },
      ...(boundary && { boundary }),
    });
    return evaluator.decide('lambda:InvokeFunction', functionArn, contextOf(role)) === 'allowed';
  }
}

function contextOf({ stack: { region, accountId } }: Resource): RequestContext {
  const values = new Map([
    ['aws:requestedregion', [region]],
    ['aws:principalaccount', [accountId]],
    ['aws:resourceaccount', [accountId]],
    ['aws:securetransport', ['true']],
  ]);
  return (key) => values.get(key);
}
