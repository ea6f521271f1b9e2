/**
 * A server class as a WebSocket API: its routes and functions, its stage, and the grants to post to its connections.
 */
import { posix } from 'node:path';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { type IWebSocketRouteAuthorizer, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';
import { ConnectionTable } from './connection-table';
import { type JwtOptions, jwtEnvironment } from './jwt-options';
import { grantManagement } from './management-grant';
import { ServiceFunctions } from './service-functions';
import { METRICS_ENVIRONMENT, type ServiceMetric, serviceMetric } from './service-metrics';
import { StageAccessLog } from './stage-access-log';
import { wscatCommand } from './wscat-command';

export interface WebSocketServiceProps {
  /** The folder with the service's `handlers.ts`, such as `functions/chat`; `bundleFunctions` has bundled it. */
  readonly entry: string;
  /**
   * Where its connections are stored. Services that share a table can change each other's rows, but one process can
   * then open the connections of all of them by id.
   * @default its own table
   */
  readonly connections?: ConnectionTable;
  /** Names the service and its stage: the last part of its URL. @default the last part of `entry` */
  readonly serviceName?: string;
  /**
   * Pages that may connect from a browser, as origins; a port may be `*`. Clients that send no Origin may always
   * connect.
   * @default none
   */
  readonly allowedOrigins?: string[];
  /**
   * The cookie that identifies web sessions: sockets with the same value share a `sessionId`, which is its hash. A
   * principal from an authorizer takes precedence.
   * @default none
   */
  readonly sessionCookie?: string;
  /**
   * Decides which handshakes reach the service: any of the CDK's authorizers for WebSocket routes. What it returns about
   * the client is `this.request.authorizer` in `onPreServer`.
   * @default none
   */
  readonly authorizer?: IWebSocketRouteAuthorizer;
  /**
   * The JWT that each client must send. The routes function verifies it before `onPreServer`, and responds with 401
   * to an invalid one. Its claims are `this.request.authorizer` there. The server class never sees the token itself.
   * @default none
   */
  readonly jwt?: JwtOptions;
  /** Environment variables for the service's own code. @default none */
  readonly environment?: Record<string, string>;
  /** Requests a second for all of the service's routes together, and the burst. @default 500 and 1,000 */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
  /** Logs one line for each request. The account needs a CloudWatch role for API Gateway first. @default false */
  readonly accessLog?: boolean;
  /**
   * Makes the functions log metrics of deliveries and connections for CloudWatch. Custom metrics cost money every
   * month. @default false
   */
  readonly metrics?: boolean;
  /** @default 256 */
  readonly memoryMegabytes?: number;
  /** How long `server()` may run. Must be above 30 seconds. @default 2 minutes */
  readonly serverTimeout?: Duration;
  /**
   * How often the sweep looks for lost departures. Each connection costs one table read and one request to API
   * Gateway.
   * @default 5 minutes
   */
  readonly sweepInterval?: Duration;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** Concurrent executions of each of the two functions. @default none reserved */
  readonly reservedConcurrentExecutions?: number;
  /**
   * Concurrent executions of the server function, so that clients that cut their handshakes, or many dedicated
   * sockets, cannot use up the account's executions. Further invocations wait in Lambda's queue. An account must keep
   * 100 unreserved, and a fresh account has 10 in all, so nothing is reserved by default: all functions of the
   * account then share the same executions.
   * @default `reservedConcurrentExecutions`
   */
  readonly serverConcurrency?: number;
}

/** Partitions in which a delivery stores the counts of its workers. */
const DELIVERY_PARTITIONS = ['DELIVERY#*'];

export class WebSocketService extends Construct {
  readonly serviceName: string;
  /** Where clients connect to: `wss://…`. */
  readonly url: string;
  readonly functions: ServiceFunctions;
  /** Where its connections are stored. */
  readonly connections: ConnectionTable;
  readonly api: WebSocketApi;
  readonly stage: WebSocketStage;
  readonly #isMeasured: boolean;

  constructor(scope: Construct, id: string, props: WebSocketServiceProps) {
    super(scope, id);
    this.#isMeasured = props.metrics ?? false;
    this.serviceName = props.serviceName ?? posix.basename(props.entry);
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
    if (props.authorizer && props.jwt) {
      throw new Error(
        `${this.node.path} has both an authorizer and a jwt, but only one of them can say who a client is. Leave one out.`,
      );
    }
    this.connections = props.connections ?? new ConnectionTable(this, 'Connections');
    this.api = new WebSocketApi(this, 'Api', { description: `The ${this.serviceName} service` });
    const { api } = this;
    const { region, urlSuffix } = Stack.of(this);
    this.functions = new ServiceFunctions(this, 'Functions', {
      ...props,
      environment: {
        ...props.environment,
        SERVICE_NAME: this.serviceName,
        CALLBACK_URL: `https://${api.apiId}.execute-api.${region}.${urlSuffix}/${this.serviceName}`,
        ALLOWED_ORIGINS: (props.allowedOrigins ?? []).join(','),
        ...(props.sessionCookie && { SESSION_COOKIE: props.sessionCookie }),
        ...(props.jwt && jwtEnvironment(this, props.jwt)),
        ...(props.metrics && METRICS_ENVIRONMENT),
      },
    });
    acknowledge(
      api,
      'APIG4',
      'The authorizer, the JWT and the server class decide who may connect: onPreServer() refuses handshakes with 401 or 403. Messages of a connection need no further authorization.',
    );
    for (const routeKey of ['$connect', '$default', '$disconnect']) {
      api.addRoute(routeKey, {
        integration: new WebSocketLambdaIntegration('Routes', this.functions.routes),
        // API Gateway has authorizers for this route alone.
        ...(routeKey === '$connect' && props.authorizer && { authorizer: props.authorizer }),
      });
    }
    this.stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: api,
      stageName: this.serviceName,
      autoDeploy: true,
      throttle: props.throttle ?? { rateLimit: 500, burstLimit: 1_000 },
      ...(props.accessLog && { accessLogSettings: new StageAccessLog(this, 'AccessLog').settings }),
    });
    if (!props.accessLog) {
      acknowledge(
        this.stage,
        'APIG1',
        'In an account without a CloudWatch role for API Gateway, the first deployment with an access log fails, so accessLog is an option.',
      );
    }
    this.url = this.stage.url;
    grantManagement(this.stage, this.functions.routes);
    grantManagement(this.stage, this.functions.server);
    for (const own of [this.functions.routes, this.functions.server]) {
      this.connections.nameTo(own);
      this.connections.grantUse(own);
    }
    new Rule(this, 'Sweep', {
      description: `Cleans up connections of ${this.serviceName} whose $disconnect was lost`,
      schedule: Schedule.rate(props.sweepInterval ?? Duration.minutes(5)),
      targets: [
        new LambdaTarget(this.functions.server, {
          event: RuleTargetInput.fromObject({ type: 'sweep' }),
          // The next sweep makes up for a failed one.
          retryAttempts: 0,
        }),
      ],
    });
    this.#output('Url', 'Connect here', this.url);
    this.#output('Wscat', 'Connects from a terminal', wscatCommand(this.url, props.jwt));
    this.#output(
      'Service',
      'How npx shared-connection finds this service',
      Stack.of(this).toJsonString({
        service: this.serviceName,
        connectionTable: this.connections.tableName,
        serverFunction: this.functions.server.functionName,
      }),
    );
  }

  /**
   * Lets any function open this service's connections by id and deliver to all of them. It may use the table, post to
   * this API, and request cleanups. Sets `CONNECTION_TABLE` in its environment.
   */
  grantConnections(grantee: IGrantable): void {
    grantManagement(this.stage, grantee);
    this.connections.grantUse(grantee);
    this.#grantSettlement(grantee);
  }

  /**
   * Lets any function publish to this service's connections, but not look up, change or close one. It may read the
   * table, store the progress of a delivery, post to this API, and request cleanups. Sets `CONNECTION_TABLE` in its environment.
   */
  grantPublish(grantee: IGrantable): void {
    grantManagement(this.stage, grantee, ['POST']);
    this.connections.grantRead(grantee);
    this.connections.grantKeep(grantee, DELIVERY_PARTITIONS);
    this.#grantSettlement(grantee);
  }

  /**
   * A metric of the service, such as `Failed`: for alarms and dashboards. It has data only with `metrics: true`.
   * @default the sum of five minutes
   */
  metric(metricName: ServiceMetric, props: MetricOptions = {}): Metric {
    return serviceMetric(this.serviceName, metricName, props);
  }

  #grantSettlement(grantee: IGrantable): void {
    this.functions.grantRequests(grantee);
    if (!(grantee instanceof LambdaFunction)) return;
    this.connections.nameTo(grantee);
    if (!this.#isMeasured) return;
    for (const [name, value] of Object.entries(METRICS_ENVIRONMENT)) grantee.addEnvironment(name, value);
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description: `${this.serviceName}: ${description}`, value });
  }
}
