/** Where a verifier finds users and password hashes: in a secret of Secrets Manager, or in a file on this machine. */
import { resolve } from 'node:path';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** In Secrets Manager's format: the last six characters are random. */
const SECRET_ARN = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;

export class Credentials {
  /** For the functions of the service. */
  readonly environment: { CREDENTIALS: string };
  readonly #secretArn: string | undefined;

  /**
   * @param source the full ARN of a secret, or the path of a file
   * @throws Error for an ARN that is not a secret's, or without its last characters, because no grant could use it
   */
  constructor(source: string) {
    if (source.startsWith('arn:') && !SECRET_ARN.test(source)) {
      throw new Error(
        `The credentials ${source} are not the full ARN of a secret, which ends in "-" and six characters. Copy the ARN from \`aws secretsmanager describe-secret\`, or pass the path of a file.`,
      );
    }
    this.#secretArn = source.startsWith('arn:') ? source : undefined;
    this.environment = { CREDENTIALS: this.#secretArn ?? resolve(source) };
  }

  /**
   * Lets a function read this one secret. If you encrypt it with a key of your own, grant access to that key
   * yourself.
   */
  grantRead({ grantPrincipal }: IGrantable): void {
    if (this.#secretArn === undefined) return;
    grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.#secretArn] }),
    );
  }
}
