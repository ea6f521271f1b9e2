/** The two functions of a service, from one bundle: the routes of its API, and what takes longer. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IGrantable, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Where the bundles lie, in the folder of the app. */
export const BUILD_DIRECTORY = 'build';
/** The file of a service that exports its handlers: the first of these that is there. */
export const ENTRY_FILES = ['handlers.ts', 'handlers.js'] as const;

/** API Gateway waits this long for an integration; what runs longer is cut off from its client anyway. */
const ROUTES_TIMEOUT = Duration.seconds(29);

export interface ServiceFunctionsProps {
  /** The service's folder, such as `functions/chat`. */
  readonly entry: string;
  readonly environment: Record<string, string>;
  /** @default 256, which is also a share of a CPU: 1,769 are one whole */
  readonly memoryMegabytes?: number;
  /** How long `server` may run; above 30 seconds, since it waits for the handshake. Dedicated sockets want 15. @default 2 minutes */
  readonly serverTimeout?: Duration;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** Executions of each function at a time; a fresh account has 10 in all. @default none reserved */
  readonly reservedConcurrentExecutions?: number;
}

export class ServiceFunctions extends Construct {
  readonly routes: LambdaFunction;
  readonly server: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionsProps) {
    super(scope, id);
    const serverTimeout = props.serverTimeout ?? Duration.minutes(2);
    if (serverTimeout.toSeconds() <= 30) {
      throw new Error(
        `The serverTimeout of ${this.node.path} is ${serverTimeout.toSeconds()} seconds, but must be above 30: server() waits up to 30 seconds for the handshake to finish.`,
      );
    }
    this.server = this.#function('Server', 'index.server', serverTimeout, props, props.environment);
    this.routes = this.#function('Routes', 'index.routes', ROUTES_TIMEOUT, props, {
      ...props.environment,
      SERVER_FUNCTION: this.server.functionName,
    });
    this.grantRequests(this.routes);
    this.#allowSelfInvocation();
  }

  /** Lets a function ask the service for what takes longer, such as settling a departure. */
  grantRequests(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(this.#invokeServer());
  }

  #function(
    id: string,
    handler: string,
    timeout: Duration,
    props: ServiceFunctionsProps,
    environment: Record<string, string>,
  ): LambdaFunction {
    const logGroup = new LogGroup(this, `${id}Logs`, {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    return new LambdaFunction(this, id, {
      role,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: this.#bundle(props.entry),
      handler,
      timeout,
      // The server function invokes itself, to hand over or to settle, and counts how often; Lambda would stop it at the 16th.
      ...(id === 'Server' && { recursiveLoop: RecursiveLoop.ALLOW }),
      memorySize: props.memoryMegabytes ?? 256,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...environment },
      loggingFormat: LoggingFormat.JSON,
      logGroup,
      ...(props.reservedConcurrentExecutions !== undefined && {
        reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      }),
    });
  }

  /** Relative to the working directory, as every asset of a CDK app is. */
  #bundle(entry: string): Code {
    const directory = join(BUILD_DIRECTORY, entry);
    if (existsSync(directory)) return Code.fromAsset(directory);
    throw new Error(
      `The service ${entry} of ${this.node.path} has not been bundled: there is no ${resolve(directory)}. Call bundleFunctions(root, [${JSON.stringify(entry)}]) before, with the working directory as root.`,
    );
  }

  /** A policy of its own: as part of the role's default policy, which the function waits for, the template would have a cycle. */
  #allowSelfInvocation(): void {
    const policy = new Policy(this, 'SelfInvocation', { statements: [this.#invokeServer()] });
    if (this.server.role) policy.attachToRole(this.server.role);
  }

  #invokeServer(): PolicyStatement {
    return new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources: [this.server.functionArn],
    });
  }
}
