/** The policies of roles and of resources. */
import type { PolicyStatement } from '../../iam/policy-statement';

/** An execution role, with the statements of all its policies. */
export interface Role {
  path: string;
  roleName: string;
  roleArn: string;
  statements: PolicyStatement[];
  /** The statements of its permissions boundary, if it has one. */
  boundary?: PolicyStatement[];
}

/** The policy of a resource: who may use it. */
export interface ResourcePolicy {
  resourceArn: string;
  statements: PolicyStatement[];
}
