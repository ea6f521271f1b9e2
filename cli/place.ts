/**
 * Where the commands work: the runtime on this machine, or a deployed stack. Both are AWS endpoints and get the same
 * requests. The only place that creates SDK clients.
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
import { type ClientSettings, clientSettings, LOCAL_REGION, type PlaceOptions } from './client-settings';
import { isNotReached } from './complaint';
import { type ServiceEntry, serviceEntries } from './service-entries';

/** Lambda's longest timeout. */
const LONGEST_INVOCATION_MILLISECONDS = 15 * 60_000;

/** The app or the stack exists, but has no service of this library. */
export class NoServicesError extends UserError {}

export class Place {
  readonly #backends = new Map<string, Backend>();
  readonly #stack: string | undefined;
  #entries: ServiceEntry[];
  #tables: DynamoDBClient | undefined;

  private constructor(
    entries: ServiceEntry[],
    private readonly client: ClientSettings,
    stack: string | undefined,
  ) {
    this.#entries = entries;
    this.#stack = stack;
  }

  /** All services, in the order of the stacks' outputs. */
  get entries(): ServiceEntry[] {
    return this.#entries;
  }

  /** For scans, which the library itself never makes. */
  get tables(): DynamoDBClient {
    this.#tables ??= this.#dynamodb();
    return this.#tables;
  }

  /** @throws {UserError} if there is no such stack, or no service in it */
  static async find(options: PlaceOptions): Promise<Place> {
    const client = clientSettings(options);
    const entries = await serviceEntries(client, options.stack).catch((error: unknown) => {
      if (client.endpoint === undefined || !isNotReached(error)) throw error;
      throw new UserError(
        `No response from ${client.endpoint}. Start the app there (npm start, or npx shared-connection start), or specify another place: --url URL, or --stack NAME for a deployed stack.`,
      );
    });
    if (entries.length > 0) return new Place(entries, client, options.stack);
    throw new NoServicesError(
      `${options.stack === undefined ? `The app at ${client.endpoint}` : `The stack ${JSON.stringify(options.stack)}`} has no service in its outputs. Versions before this one do not write these outputs. Deploy the stack or start the app again.`,
    );
  }

  /** Reads the outputs again, which another deployment may have changed. */
  async refresh(): Promise<void> {
    const entries = await serviceEntries(this.client, this.#stack);
    if (entries.length > 0) this.#entries = entries;
  }

  /** All services, or the one with this name. @throws {UserError} if there is none */
  services(name?: string): Service[] {
    return this.#named(name).map((entry) => this.service(entry));
  }

  service({ service, connectionTable, serverFunction }: ServiceEntry): Service {
    return new Service(service, { backend: this.#backend(connectionTable), serverFunction });
  }

  /** Once for each table that holds connections of these services. */
  backends(): Backend[] {
    return [...new Set(this.#entries.map(({ connectionTable }) => connectionTable))].map((name) =>
      this.#backend(name),
    );
  }

  /**
   * Invokes a service's server function and waits for its answer.
   * @throws {UserError} with the function's error, if it failed
   */
  async ask(name: string, request: { type: 'sweep' }): Promise<unknown> {
    const [entry] = this.#named(name);
    const lambda = new LambdaClient({
      ...this.client,
      // No retries: a second run at the same time would find and report nothing.
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
    const found = this.#entries.filter(({ service }) => name === undefined || service === name);
    if (found.length > 0) return found;
    throw new UserError(
      `There is no service ${JSON.stringify(name)}. The services are: ${this.#entries.map(({ service }) => service).join(', ')}.`,
    );
  }

  #backend(tableName: string): Backend {
    const known = this.#backends.get(tableName);
    if (known) return known;
    const { credentials, region } = this.client;
    const identity = credentials
      ? { credentials: async () => credentials, region: async () => region ?? LOCAL_REGION }
      : sdkIdentity();
    const backend: Backend = {
      table: new DynamoDbTable(tableName, systemClock, this.#dynamodb()),
      connections: new SignedConnectionsClient(identity, this.client.endpoint),
      invoker: new LambdaInvoker(new LambdaClient(this.#settings)),
      clock: systemClock,
      random: Math.random,
      token: randomUUID,
    };
    this.#backends.set(tableName, backend);
    return backend;
  }

  #dynamodb(): DynamoDBClient {
    return new DynamoDBClient(this.#settings);
  }

  get #settings() {
    return { ...this.client, requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } };
  }
}
