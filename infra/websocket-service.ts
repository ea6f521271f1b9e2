/** A server class as a WebSocket API: its routes and functions, the stage, and who may post to its connections. */
import { type CfnElement, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';
import { ConnectionTable } from './connection-table';
import { ServiceFunctions } from './service-functions';
import { StageAccessLog } from './stage-access-log';

export interface WebSocketServiceProps {
  /** The folder with the service's `handlers.ts`, such as `functions/chat`; `bundleFunctions` has bundled it. */
  readonly entry: string;
  /**
   * Where its connections are kept. Services that share a table may change each other's rows, but then a process that may use it
   * opens the connections of all of them by their ids alone.
   * @default a table of its own
   */
  readonly connections?: ConnectionTable;
  /** Names the service and its stage: the last part of its URL. @default the last part of `entry` */
  readonly serviceName?: string;
  /**
   * Pages from which browsers may connect, as origins; a port may be `*`. Clients that send no Origin always may.
   * @default none
   */
  readonly allowedOrigins?: string[];
  /**
   * The cookie by which web sessions are known apart: sockets with the same value share a `sessionId`, which is a hash of it. A
   * principal that an authorizer found comes first.
   * @default none is read
   */
  readonly sessionCookie?: string;
  /** What the service's own code reads from the environment of its functions. @default nothing */
  readonly environment?: Record<string, string>;
  /** Requests a second for all of the service's routes together, and how many may come at once. @default 500 and 1,000 */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
  /** Writes a line for each request to a log. The account needs a CloudWatch role for API Gateway first. @default false */
  readonly accessLog?: boolean;
  /** @default 256 */
  readonly memoryMegabytes?: number;
  /** How long `server()` may run; above 30 seconds. @default 2 minutes */
  readonly serverTimeout?: Duration;
  /** How often departures that nobody was told of are looked for. Each connection costs a read, and a look at the gateway. @default 5 minutes */
  readonly sweepInterval?: Duration;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** Executions of each of the two functions at a time. @default none reserved */
  readonly reservedConcurrentExecutions?: number;
  /**
   * Executions of the server function at a time, so that clients that break off their handshakes, or many dedicated sockets, cannot
   * take all that the account has: what comes beyond waits in Lambda's queue. An account must keep 100 unreserved, and a fresh one has 10
   * in all, so nothing is reserved by default: there every function of the account shares the same executions.
   * @default `reservedConcurrentExecutions`
   */
  readonly serverConcurrency?: number;
}

/** Those of the management API that the library calls. */
const MANAGEMENT_METHODS = ['POST', 'GET', 'DELETE'];

export class WebSocketService extends Construct {
  readonly serviceName: string;
  /** Where clients connect to: `wss://…`. */
  readonly url: string;
  readonly functions: ServiceFunctions;
  /** Where its connections are kept. */
  readonly connections: ConnectionTable;
  readonly #stage: WebSocketStage;

  constructor(scope: Construct, id: string, props: WebSocketServiceProps) {
    super(scope, id);
    this.serviceName = props.serviceName ?? props.entry.split('/').pop() ?? props.entry;
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(this.serviceName)) {
      throw new Error(
        `The service name ${JSON.stringify(this.serviceName)} of ${this.node.path} is not valid: a stage's name has 1 to 128 letters, digits, "_" and "-".`,
      );
    }
    // RFC 6265: a cookie's name is a token.
    if (props.sessionCookie !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(props.sessionCookie)) {
      throw new Error(
        `The sessionCookie ${JSON.stringify(props.sessionCookie)} of ${this.node.path} is not valid: a cookie's name has letters, digits and !#$%&'*+-.^_\`|~ only.`,
      );
    }
    this.connections = props.connections ?? new ConnectionTable(this, 'Connections');
    const api = new WebSocketApi(this, 'Api', { description: `The ${this.serviceName} service` });
    const { region, urlSuffix } = Stack.of(this);
    this.functions = new ServiceFunctions(this, 'Functions', {
      ...props,
      environment: {
        ...props.environment,
        SERVICE_NAME: this.serviceName,
        CALLBACK_URL: `https://${api.apiId}.execute-api.${region}.${urlSuffix}/${this.serviceName}`,
        ALLOWED_ORIGINS: (props.allowedOrigins ?? []).join(','),
        ...(props.sessionCookie && { SESSION_COOKIE: props.sessionCookie }),
      },
    });
    acknowledge(
      api,
      'APIG4',
      'Who may connect is for the server class to say: onPreServer() refuses handshakes with 401 or 403. Messages of a connection need no further authorization.',
    );
    for (const routeKey of ['$connect', '$default', '$disconnect']) {
      api.addRoute(routeKey, {
        integration: new WebSocketLambdaIntegration('Routes', this.functions.routes),
      });
    }
    this.#stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: api,
      stageName: this.serviceName,
      autoDeploy: true,
      throttle: props.throttle ?? { rateLimit: 500, burstLimit: 1_000 },
      ...(props.accessLog && { accessLogSettings: new StageAccessLog(this, 'AccessLog').settings }),
    });
    if (!props.accessLog) {
      acknowledge(
        this.#stage,
        'APIG1',
        'The first deployment with an access log fails in an account whose API Gateway has no CloudWatch role, so that accessLog is an option.',
      );
    }
    this.url = this.#stage.url;
    this.#grantManagement(this.functions.routes);
    this.#grantManagement(this.functions.server);
    for (const own of [this.functions.routes, this.functions.server]) {
      this.connections.nameTo(own);
      this.connections.grantUse(own);
    }
    new Rule(this, 'Sweep', {
      description: `Looks for connections of ${this.serviceName} that have gone without a word`,
      schedule: Schedule.rate(props.sweepInterval ?? Duration.minutes(5)),
      targets: [
        new LambdaTarget(this.functions.server, {
          event: RuleTargetInput.fromObject({ type: 'sweep' }),
          // A sweep that failed is made up for by the next one.
          retryAttempts: 0,
        }),
      ],
    });
    this.#output('Url', 'Connect here', this.url);
    this.#output('Wscat', 'Connect from a terminal', `npx wscat -c ${this.url}`);
    this.#output(
      'Service',
      'What npx shared-connection knows it by',
      Stack.of(this).toJsonString({
        service: this.serviceName,
        connectionTable: this.connections.tableName,
        serverFunction: this.functions.server.functionName,
      }),
    );
  }

  /**
   * Lets any function open this service's connections by their ids, and deliver to all of them: it may use the table, post to
   * this API, and ask for the settlement of those that have gone. Its environment gets `CONNECTION_TABLE`.
   */
  grantConnections(grantee: IGrantable): void {
    this.#grantManagement(grantee);
    this.connections.grantUse(grantee);
    this.#grantSettlement(grantee);
  }

  /**
   * Lets any function publish to this service's connections, but neither look at one nor change or close it: it may read the
   * table, post to this API, and ask for the settlement of those that have gone. Its environment gets `CONNECTION_TABLE`.
   */
  grantPublish(grantee: IGrantable): void {
    this.#grantManagement(grantee, ['POST']);
    this.connections.grantRead(grantee);
    this.#grantSettlement(grantee);
  }

  #grantSettlement(grantee: IGrantable): void {
    this.functions.grantRequests(grantee);
    if (grantee instanceof LambdaFunction) this.connections.nameTo(grantee);
  }

  /** On the connections of this stage alone. */
  #grantManagement(grantee: IGrantable, methods = MANAGEMENT_METHODS): void {
    const { api, stageName } = this.#stage;
    const apiName = Stack.of(this).getLogicalId(api.node.defaultChild as CfnElement);
    for (const method of methods) {
      acknowledge(
        grantee.grantPrincipal,
        `IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiName}>/${stageName}/${method}/@connections/*]`,
        'API Gateway makes the ids of connections, and a service works with all of its own: one stage of one API, and the methods that are called.',
      );
    }
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['execute-api:ManageConnections'],
        resources: methods.map((method) =>
          Stack.of(this).formatArn({
            service: 'execute-api',
            resource: api.apiId,
            resourceName: `${stageName}/${method}/@connections/*`,
          }),
        ),
      }),
    );
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description: `${this.serviceName}: ${description}`, value });
  }
}
