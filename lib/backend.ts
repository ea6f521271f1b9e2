/**
 * What the library works with: the table, the management API, asynchronous invocations, time and random numbers. Made
 * from the environment, or passed in.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from './clock';
import { ConfigurationError } from './errors';
import type { Invoker } from './invocations/invoker';
import { LambdaInvoker } from './invocations/lambda-invoker';
import type { ConnectionsClient } from './management-api/connections-client';
import { sdkIdentity } from './management-api/identity';
import { SignedConnectionsClient } from './management-api/signed-connections-client';
import { DynamoDbTable } from './table/dynamodb-table';
import type { Table } from './table/table';
import { EmbeddedMetrics } from './telemetry/embedded-metrics';
import type { Telemetry } from './telemetry/telemetry';
import { TroubleLog } from './telemetry/trouble-log';

export interface Backend {
  table: Table;
  connections: ConnectionsClient;
  invoker: Invoker;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** A unique token. */
  token(): string;
  /** Fetches the public keys of an issuer of JWTs. @default over HTTPS */
  keySet?(url: string): Promise<ArrayBuffer>;
  /** Reports deliveries and connections to the operator of the service. @default nothing is reported */
  telemetry?: Telemetry;
  /** How many milliseconds this function's environment took to start. Others may take as long. @default unknown */
  startMilliseconds?: number;
}

/** From the start of the environment until its code is loaded. */
const startMilliseconds = performance.now();

/**
 * Reads `CONNECTION_TABLE`, and the endpoint overrides `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` and
 * `AWS_ENDPOINT_URL`. In a Lambda function, `CONNECTION_METRICS=true` has it log metrics.
 * @throws ConfigurationError if `CONNECTION_TABLE` is missing
 */
export function backendFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Backend {
  const tableName = environment.CONNECTION_TABLE;
  if (!tableName) {
    const where = environment.AWS_LAMBDA_FUNCTION_NAME
      ? `function ${environment.AWS_LAMBDA_FUNCTION_NAME}`
      : 'this process';
    throw new ConfigurationError(
      `The environment of ${where} has no CONNECTION_TABLE (the name of the connection table). In a CDK app, grantConnections(fn) sets it. Elsewhere, export it: the stack's outputs have the name.`,
    );
  }
  return {
    table: new DynamoDbTable(tableName, systemClock),
    connections: new SignedConnectionsClient(
      sdkIdentity(),
      environment.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI || environment.AWS_ENDPOINT_URL,
    ),
    invoker: new LambdaInvoker(),
    clock: systemClock,
    random: Math.random,
    token: randomUUID,
    ...(environment.AWS_LAMBDA_FUNCTION_NAME !== undefined && {
      startMilliseconds,
      telemetry: telemetryOf(environment),
    }),
  };
}

/** Custom metrics cost money, so a function logs them only on request. */
function telemetryOf({ CONNECTION_METRICS }: NodeJS.ProcessEnv): Telemetry {
  // The console puts a line into another JSON object, where CloudWatch finds no metrics.
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const isMeasured = CONNECTION_METRICS === 'true';
  return isMeasured ? new EmbeddedMetrics(systemClock, write) : new TroubleLog(systemClock, write);
}

let ofThisProcess: Backend | undefined;

/** The environment's backend, made once for each process so that its connections are reused. */
export function defaultBackend(): Backend {
  ofThisProcess ??= backendFromEnvironment();
  return ofThisProcess;
}
