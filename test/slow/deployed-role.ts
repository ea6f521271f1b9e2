/**
 * The IAM role of a deployed function, whose grants can be removed. A user with the same name and the same grants is
 * for a process that does what a server class may do and the chat does not.
 */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { Deployment, Place } from './deployment';
import { type PolicyDocument, without } from './grants';
import type { Ministack } from './ministack';

export class DeployedRole {
  private constructor(
    readonly roleName: string,
    private readonly client: IAMClient,
    private readonly policies: Map<string, PolicyDocument>,
    /** Credentials of the user, for the environment of a process. */
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async openAll(deployment: Deployment, places: Place[]): Promise<Map<Place, DeployedRole>> {
    const roles = new Map<Place, DeployedRole>();
    for (const place of places) {
      roles.set(place, await DeployedRole.open(deployment.ministack, deployment.function(place).roleName));
    }
    return roles;
  }

  static async open(ministack: Ministack, roleName: string): Promise<DeployedRole> {
    const client = new IAMClient(ministack.client);
    const policies = new Map<string, PolicyDocument>();
    const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName: roleName }));
    for (const PolicyName of PolicyNames) {
      const answer = await client.send(new GetRolePolicyCommand({ RoleName: roleName, PolicyName }));
      policies.set(PolicyName, JSON.parse(decodeURIComponent(answer.PolicyDocument ?? '')));
    }
    await client.send(new CreateUserCommand({ UserName: roleName }));
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName: roleName }));
    const role = new DeployedRole(roleName, client, policies, {
      AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey,
    });
    await role.#put((document) => document);
    return role;
  }

  /** Runs with all grants except this one. */
  async lacking<T>(grant: string, run: () => Promise<T>): Promise<T> {
    await this.#put((document) => without(grant, document));
    try {
      return await run();
    } finally {
      await this.#put((document) => document);
    }
  }

  /** Whether an ARN is a session of this role, or the user. */
  isMeantBy(principal: string): boolean {
    return principal.split('/').includes(this.roleName);
  }

  close(): void {
    this.client.destroy();
  }

  async #put(change: (document: PolicyDocument) => PolicyDocument): Promise<void> {
    const name = { RoleName: this.roleName, UserName: this.roleName };
    for (const [PolicyName, granted] of this.policies) {
      const document = change(granted);
      const PolicyDocument = JSON.stringify(document);
      if (document.Statement.length > 0) {
        await this.client.send(new PutRolePolicyCommand({ ...name, PolicyName, PolicyDocument }));
        await this.client.send(new PutUserPolicyCommand({ ...name, PolicyName, PolicyDocument }));
      } else {
        // IAM accepts no policy without a statement.
        await this.client.send(new DeleteRolePolicyCommand({ ...name, PolicyName }));
        await this.client.send(new DeleteUserPolicyCommand({ ...name, PolicyName }));
      }
    }
  }
}
