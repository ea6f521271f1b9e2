/**
 * Where the commands work: the runtime on this machine, or a stack that is deployed. Both are AWS endpoints, asked in the same way.
 * The one place that makes the SDK's clients.
 */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Backend } from '../lib/backend';
import { systemClock } from '../lib/clock';
import { LambdaInvoker } from '../lib/invocations/lambda-invoker';
import { sdkIdentity } from '../lib/management-api/identity';
import { SignedConnectionsClient } from '../lib/management-api/signed-connections-client';
import { Service } from '../lib/service';
import { DynamoDbTable } from '../lib/table/dynamodb-table';
import { UserError } from '../local/user-error';
import { isNotReached } from './complaint';
import { type ServiceEntry, serviceEntries } from './service-entries';

export interface PlaceOptions {
  /** A deployed stack. @default the runtime on this machine */
  stack?: string;
  /** @default `AWS_ENDPOINT_URL`; else, without a stack, http://localhost:3001 */
  url?: string;
}

const LOCAL_URL = 'http://localhost:3001';
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const LOCAL_REGION = 'us-east-1';
/** As long as a function may run. */
const LONGEST_INVOCATION_MILLISECONDS = 15 * 60_000;

export class Place {
  readonly #backends = new Map<string, Backend>();

  private constructor(
    /** The services that are there, in the order of the stacks' outputs. */
    readonly entries: ServiceEntry[],
    private readonly client: ClientSettings,
  ) {}

  /** @throws {UserError} if there is no such stack, or no service in it. */
  static async find(options: PlaceOptions): Promise<Place> {
    const client = clientSettings(options);
    const entries = await serviceEntries(client, options.stack).catch((error: unknown) => {
      if (client.endpoint === undefined || !isNotReached(error)) throw error;
      throw new UserError(
        `Nothing answers at ${client.endpoint}. Start the app there (npm start, or npx shared-connection start), or say where it is: --url URL, or --stack NAME of a deployed one.`,
      );
    });
    if (entries.length > 0) return new Place(entries, client);
    throw new UserError(
      `${options.stack === undefined ? `The app at ${client.endpoint}` : `The stack ${JSON.stringify(options.stack)}`} names no service in its outputs. WebSocketService, of this version or later, writes them: deploy it, or start it, again.`,
    );
  }

  /** All of them, or the one of that name. @throws {UserError} if there is none. */
  services(name?: string): Service[] {
    return this.#named(name).map((entry) => this.service(entry));
  }

  service({ service, connectionTable, serverFunction }: ServiceEntry): Service {
    return new Service(service, { backend: this.#backend(connectionTable), serverFunction });
  }

  /** Of each table that services have their connections in. */
  backends(): Backend[] {
    return [...new Set(this.entries.map(({ connectionTable }) => connectionTable))].map((name) =>
      this.#backend(name),
    );
  }

  /** Invokes a service's server function, and waits for its answer. @throws {UserError} with what the function said, if it failed. */
  async ask(name: string, request: { type: 'sweep' }): Promise<unknown> {
    const [entry] = this.#named(name);
    const lambda = new LambdaClient({
      ...this.client,
      // A second one beside the first would find nothing to do, and report that.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 2_000, socketTimeout: LONGEST_INVOCATION_MILLISECONDS },
    });
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: entry?.serverFunction, Payload: JSON.stringify(request) }),
    );
    lambda.destroy();
    const answer = JSON.parse(Payload?.transformToString() || 'null');
    if (FunctionError === undefined) return answer;
    throw new UserError(
      `The server function of ${name} (${entry?.serverFunction}) failed: ${answer?.errorMessage ?? FunctionError}`,
    );
  }

  #named(name: string | undefined): ServiceEntry[] {
    const found = this.entries.filter(({ service }) => name === undefined || service === name);
    if (found.length > 0) return found;
    throw new UserError(
      `There is no service ${JSON.stringify(name)}. There are: ${this.entries.map(({ service }) => service).join(', ')}.`,
    );
  }

  #backend(tableName: string): Backend {
    const known = this.#backends.get(tableName);
    if (known) return known;
    const settings = { ...this.client, requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } };
    const { credentials, region } = this.client;
    const identity = credentials
      ? { credentials: async () => credentials, region: async () => region ?? LOCAL_REGION }
      : sdkIdentity();
    const backend: Backend = {
      table: new DynamoDbTable(tableName, systemClock, new DynamoDBClient(settings)),
      connections: new SignedConnectionsClient(identity, this.client.endpoint),
      invoker: new LambdaInvoker(new LambdaClient(settings)),
      clock: systemClock,
      random: Math.random,
      token: randomUUID,
    };
    this.#backends.set(tableName, backend);
    return backend;
  }
}

/** What all of the SDK's clients are made with; what is absent they find out themselves. */
export interface ClientSettings {
  endpoint?: string;
  region?: string;
  credentials?: typeof LOCAL_CREDENTIALS;
}

function clientSettings({ stack, url }: PlaceOptions): ClientSettings {
  const endpoint = url ?? process.env.AWS_ENDPOINT_URL;
  if (stack !== undefined) return endpoint ? { endpoint } : {};
  const region = process.env.AWS_REGION ?? LOCAL_REGION;
  return { endpoint: endpoint || LOCAL_URL, region, credentials: LOCAL_CREDENTIALS };
}
