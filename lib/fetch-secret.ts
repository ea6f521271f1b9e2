/** Reads a secret from Secrets Manager. */

/** The secret's text; empty if it has none. @throws the SDK's error */
export async function fetchSecret(arn: string): Promise<string> {
  // Loaded only if there is a secret to read.
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({});
  try {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    return SecretString;
  } finally {
    client.destroy();
  }
}
