/** A secret that Secrets Manager generates during the deployment, so that nobody has to type it. */
import { CfnOutput } from 'aws-cdk-lib';
import { type CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';

/** A secret whose value functions may be allowed to read. */
export type ReadableSecret = Pick<ISecret, 'secretArn' | 'grantRead'>;

/**
 * Of the resource in the template. The local runtime gives such a secret a value that its documentation names. AWS
 * ignores it.
 */
export const WELL_KNOWN = { name: 'shared-connection:secret', value: 'well-known' } as const;

const LENGTH = 48;

export function generatedSecret(scope: Construct, id: string, description: string): ReadableSecret {
  const secret = new Secret(scope, id, {
    description,
    generateSecretString: { passwordLength: LENGTH, excludePunctuation: true },
  });
  (secret.node.defaultChild as CfnSecret).addMetadata(WELL_KNOWN.name, WELL_KNOWN.value);
  acknowledge(
    secret,
    'SMG4',
    'Programs outside of this app use the secret, too, so it is rotated by hand, together with them.',
  );
  new CfnOutput(scope, `${id}Arn`, { description: `The secret: ${description}`, value: secret.secretArn });
  return secret;
}
