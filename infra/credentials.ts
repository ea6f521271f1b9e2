/** Where a verifier finds the users and the hashes of their passwords: in a secret of Secrets Manager, or in a file of this machine. */
import { resolve } from 'node:path';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** As Secrets Manager makes them: six characters that it chooses are the last ones. */
const SECRET_ARN = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;

export class Credentials {
  /** For the functions of the service. */
  readonly environment: { CREDENTIALS: string };
  readonly #secretArn: string | undefined;

  /**
   * @param source the whole ARN of a secret, or the path of a file
   * @throws Error for an ARN that names no secret, or that lacks its last characters: nothing could be granted by it.
   */
  constructor(source: string) {
    if (source.startsWith('arn:') && !SECRET_ARN.test(source)) {
      throw new Error(
        `The credentials ${source} are no secret's whole ARN, which ends in "-" and six characters. Copy the ARN that \`aws secretsmanager describe-secret\` prints, or give the path of a file.`,
      );
    }
    this.#secretArn = source.startsWith('arn:') ? source : undefined;
    this.environment = { CREDENTIALS: this.#secretArn ?? resolve(source) };
  }

  /** Lets a function read what this one secret holds, and nothing else. A key of your own that encrypts it is yours to grant. */
  grantRead({ grantPrincipal }: IGrantable): void {
    if (this.#secretArn === undefined) return;
    grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.#secretArn] }),
    );
  }
}
