/** The two functions of a service, from one bundle: the routes of its API, and what takes longer. */
import { Duration } from 'aws-cdk-lib';
import { type IGrantable, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundledFunction } from './bundled-function';

export { BUILD_DIRECTORY, ENTRY_FILES } from './bundled-function';

/** API Gateway waits this long for an integration; what runs longer is cut off from its client anyway. */
const ROUTES_TIMEOUT = Duration.seconds(29);

export interface ServiceFunctionsProps {
  /** The service's folder, such as `functions/chat`. */
  readonly entry: string;
  readonly environment: Record<string, string>;
  /** @default 256, which is also a share of a CPU: 1,769 are one whole */
  readonly memoryMegabytes?: number;
  /** How long `server` may run; above 30 seconds, since it may wait for the lease of an owner that died. Dedicated sockets want 15. @default 2 minutes */
  readonly serverTimeout?: Duration;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** Executions of each function at a time; a fresh account has 10 in all. @default none reserved */
  readonly reservedConcurrentExecutions?: number;
  /** Executions of the server function at a time. @default `reservedConcurrentExecutions` */
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
        `The serverTimeout of ${this.node.path} is ${serverTimeout.toSeconds()} seconds, but must be above 30: a dedicated socket whose owner died waits 30 seconds for the end of its lease.`,
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
    const reserved =
      id === 'Server' ? (props.serverConcurrency ?? props.reservedConcurrentExecutions) : undefined;
    return bundledFunction(this, id, {
      ...props,
      ...{ handler, timeout, environment },
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
      // The server function invokes itself, to hand over or to settle, and counts how often; Lambda would stop it at the 16th.
      ...(id === 'Server' && { recursiveLoop: RecursiveLoop.ALLOW }),
    });
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
