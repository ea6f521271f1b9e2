/** A secret in ministack's Secrets Manager that contains the users of a verifier. */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Ministack } from './ministack';

export class UsersSecret {
  private constructor(
    readonly arn: string,
    private readonly client: SecretsManagerClient,
  ) {}

  static async create(ministack: Ministack, Name: string, SecretString: string): Promise<UsersSecret> {
    const client = new SecretsManagerClient(ministack.client);
    const { ARN = '' } = await client.send(new CreateSecretCommand({ Name, SecretString }));
    return new UsersSecret(ARN, client);
  }

  async hold(SecretString: string): Promise<void> {
    await this.client.send(new PutSecretValueCommand({ SecretId: this.arn, SecretString }));
  }

  async delete(): Promise<void> {
    const SecretId = this.arn;
    await this.client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  }

  close(): void {
    this.client.destroy();
  }
}
