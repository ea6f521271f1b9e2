/** A Lambda function from a bundle, with a log group that expires, and a role that may only write to that log. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type FunctionOptions,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Where the bundles are, in the folder of the app. */
export const BUILD_DIRECTORY = 'build';
/** The file of a service that exports its handlers: the first of these that exists. */
export const ENTRY_FILES = ['handlers.ts', 'handlers.js'] as const;

export interface BundledFunctionProps
  extends Pick<
    FunctionOptions,
    'recursiveLoop' | 'retryAttempts' | 'onFailure' | 'reservedConcurrentExecutions' | 'description'
  > {
  /** The folder that was bundled, such as `functions/chat`, or finished code. */
  readonly entry: string | Code;
  /** Such as `index.routes`. */
  readonly handler: string;
  readonly timeout: Duration;
  readonly environment: Record<string, string>;
  /** @default 256 */
  readonly memoryMegabytes?: number;
  /** @default one month */
  readonly logRetention?: RetentionDays;
}

export function bundledFunction(scope: Construct, id: string, props: BundledFunctionProps): LambdaFunction {
  const { recursiveLoop, retryAttempts, onFailure, reservedConcurrentExecutions, description } = props;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: props.logRetention ?? RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  return new LambdaFunction(scope, id, {
    role,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: typeof props.entry === 'string' ? bundle(scope, props.entry) : props.entry,
    handler: props.handler,
    timeout: props.timeout,
    memorySize: props.memoryMegabytes ?? 256,
    environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
    loggingFormat: LoggingFormat.JSON,
    logGroup,
    ...(description !== undefined && { description }),
    ...(recursiveLoop !== undefined && { recursiveLoop }),
    ...(retryAttempts !== undefined && { retryAttempts }),
    ...(onFailure !== undefined && { onFailure }),
    ...(reservedConcurrentExecutions !== undefined && { reservedConcurrentExecutions }),
  });
}

/** Relative to the working directory, like every asset of a CDK app. */
function bundle(scope: Construct, entry: string): Code {
  const directory = join(BUILD_DIRECTORY, entry);
  if (existsSync(directory)) return Code.fromAsset(directory);
  throw new Error(
    `The service ${entry} of ${scope.node.path} has not been bundled: there is no ${resolve(directory)}. Call bundleFunctions(root, [${JSON.stringify(entry)}]) first, with the working directory as root.`,
  );
}
