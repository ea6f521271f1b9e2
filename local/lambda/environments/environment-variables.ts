/** The environment variables of a function: its own and Lambda's, and nothing from the user who runs the host. */
import { randomBytes } from 'node:crypto';
import type { LambdaFunction } from '../../assembly/model';
import { type Credentials, PERSONAL_CREDENTIALS } from '../../iam/identities';
import type { Endpoint } from './environment';

/** The folders in the PATH of Lambda's Node.js runtime. */
const LAMBDA_PATH = '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin';
/** The SDK warns about older Node.js releases, which a function on Lambda never has. */
const NEWEST_NODE_WITH_SDK_WARNING = 21;

export interface EnvironmentSettings {
  region: string;
  version: string;
  logGroupName: string;
  logStreamName: string;
  /** @default the user's credentials */
  credentials?: Credentials | undefined;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
export function environmentVariables(
  lambdaFunction: LambdaFunction,
  { region, version, logGroupName, logStreamName, credentials = PERSONAL_CREDENTIALS }: EnvironmentSettings,
): Record<string, string> {
  return {
    PATH: LAMBDA_PATH,
    TZ: ':UTC',
    ...(nodeMajor() <= NEWEST_NODE_WITH_SDK_WARNING
      ? { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
      : {}),
    ...lambdaFunction.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
    AWS_EXECUTION_ENV: `AWS_Lambda_${lambdaFunction.runtime}`,
    // Like SAM's AWS_SAM_LOCAL: tells a function that it runs on a developer's machine.
    SHARED_CONNECTION_LOCAL: 'true',
    AWS_LAMBDA_FUNCTION_NAME: lambdaFunction.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambdaFunction.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    LAMBDA_TASK_ROOT: lambdaFunction.codeDirectory,
    _HANDLER: lambdaFunction.handler,
  };
}

/** The address of the local services, as `AWS_ENDPOINT_URL` has it. */
export function endpointUrl({ host, port }: Endpoint): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * `2026/01/31/[$LATEST]`, by the version, and 32 hexadecimal digits: one stream for each environment, like Lambda's
 * names.
 */
export function logNames({ functionName }: LambdaFunction, version: string, now: number) {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `${day}/[${version}]${randomBytes(16).toString('hex')}`,
  };
}

function nodeMajor(): number {
  return Number.parseInt(process.versions.node, 10);
}
