/** The two functions of a service, from one bundle: one for the routes of its API, one for longer work. */
import { Duration } from 'aws-cdk-lib';
import { type IGrantable, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundledFunction } from './bundled-function';

export { BUILD_DIRECTORY, ENTRY_FILES } from './bundled-function';

/** API Gateway waits this long for an integration. After that, the client has already got an error. */
export const ROUTES_TIMEOUT = Duration.seconds(29);

export interface ServiceFunctionsProps {
  /** The service's folder, such as `functions/chat`. */
  readonly entry: string;
  readonly environment: Record<string, string>;
  /** @default 256, which also determines the share of a CPU: 1,769 is one whole CPU */
  readonly memoryMegabytes?: number;
  /**
   * How long `server` may run. Must be above 30 seconds, because it may wait for the lease of an owner that crashed.
   * For dedicated sockets, use 15 minutes. @default 2 minutes
   */
  readonly serverTimeout?: Duration;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** Concurrent executions of each function. A fresh account has 10 in all. @default none reserved */
  readonly reservedConcurrentExecutions?: number;
  /** Concurrent executions of the server function. @default `reservedConcurrentExecutions` */
  readonly serverConcurrency?: number;
}

export class ServiceFunctions extends Construct {
  readonly routes: LambdaFunction;
  readonly server: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionsProps) {
    super(scope, id);
    const serverTimeout = props.serverTimeout ?? Duration.minutes(2);
    if (serverTimeout.toSeconds() <= 30) {
      throw new Error(
        `The serverTimeout of ${this.node.path} is ${serverTimeout.toSeconds()} seconds, but it must be above 30: after an owner of a dedicated socket crashes, the next one waits 30 seconds for the lease to end.`,
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

  /** Lets a function request longer work from the service, such as cleaning up a departure. */
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
    const reserved =
      id === 'Server' ? (props.serverConcurrency ?? props.reservedConcurrentExecutions) : undefined;
    return bundledFunction(this, id, {
      ...props,
      ...{ handler, timeout, environment },
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
      // The server function invokes itself to hand over and to clean up, and limits how often. Lambda's loop
      // detection would stop it at the 16th invocation.
      ...(id === 'Server' && { recursiveLoop: RecursiveLoop.ALLOW }),
    });
  }

  /**
   * A separate policy. In the role's default policy, on which the function depends, it would create a cycle in the
   * template.
   */
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
