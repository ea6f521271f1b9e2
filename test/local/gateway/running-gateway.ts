/** A gateway behind a real HTTP server, with functions of the test. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type {
  ApiKeySettings,
  CustomDomain,
  Integration,
  LambdaAuthorizer,
  MockIntegration,
  NotRun,
  Route,
  ServiceIntegration,
  Stage,
  WebSocketApi,
} from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { Faults } from '../../../local/faults/faults';
import { Gateway } from '../../../local/gateway/gateway';
import type { AccountQuotas, SizeLimits } from '../../../local/gateway/quotas';
import type { Access } from '../../../local/iam/access';
import type { FunctionInvoker, InvocationOutcome } from '../../../local/lambda/invocation';
import { Client, type ClientOptions } from './client';
import { RawClient } from './raw-client';

/** The parts of an event that the tests read by name. */
export interface GatewayEvent {
  headers: Record<string, string>;
  multiValueHeaders: Record<string, string[]>;
  queryStringParameters?: Record<string, string>;
  multiValueQueryStringParameters?: Record<string, string[]>;
  stageVariables?: Record<string, string>;
  requestContext: {
    routeKey: string;
    eventType: string;
    connectionId: string;
    requestId: string;
    messageId?: string;
    identity: { userAgent?: string; sourceIp: string };
    disconnectStatusCode?: number;
    disconnectReason?: string;
    [key: string]: unknown;
  };
  body?: string;
}

export type Handler = (event: GatewayEvent) => unknown;

export interface GatewaySetup {
  /** By route key. The function of a route is named by the route's key. */
  routes: Record<
    string,
    Handler | (Partial<Pick<Route, 'returnsResponse'>> & { timeoutMillis?: number; run: Handler })
  >;
  routeSelectionExpression?: string;
  stageVariables?: Record<string, string>;
  region?: string;
  /** Routes whose integration is not supported, and `authorizer` if that of `$connect` is not. */
  notRun?: string[];
  /** Routes that respond from templates, by key. */
  mocks?: Record<string, Partial<MockIntegration>>;
  /** Routes that call a service, by key, and the endpoints of the services. */
  services?: Record<string, ServiceIntegration>;
  /** Routes with any other integration, by key. */
  integrations?: Record<string, Integration>;
  /** Request parameters of `$connect`. Those that end with `!` are required. */
  parameters?: string[];
  endpoint?: () => { host: string; port: number };
  /** The name of the function that authorizes handshakes. */
  authorizer?: { identitySources?: string[]; run: Handler };
  customDomains?: CustomDomain[];
  isExecuteApiDisabled?: boolean;
  /** More APIs, for the tests of addresses. */
  otherApis?: WebSocketApi[];
  /** Additional settings of the stage, and of the routes by key. */
  stage?: Partial<Stage>;
  more?: Record<string, Partial<Route>>;
  apiKeys?: ApiKeySettings;
  accountQuotas?: AccountQuotas;
  faults?: Faults;
  sizeLimits?: SizeLimits;
  /** Decides on management calls and handshakes. */
  access?: Access;
}

export const API_ID = 'abcde12345';
export const DOMAIN = `${API_ID}.execute-api.us-east-1.amazonaws.com`;
const NOT_RUN: NotRun = { type: 'NOT_RUN', path: 'Stack/Part', reason: 'is not run' };
export const OK = () => ({ statusCode: 200 });

/** The returned `start` can be called in any test of the file. Everything is stopped after each test. */
export function gateways(): (setup: GatewaySetup) => Promise<RunningGateway> {
  const running: RunningGateway[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  });
  return async (setup) => {
    const gateway = new RunningGateway(setup);
    running.push(gateway);
    await gateway.listen();
    return gateway;
  };
}

export class RunningGateway {
  readonly clock = new ManualClock();
  readonly functions: FakeFunctions;
  readonly gateway: Gateway;
  /** The definition that the gateway was started with. */
  readonly api: WebSocketApi;
  readonly logged: string[] = [];
  readonly server = createServer((request, response) => {
    const answered = this.gateway.handleRequest(request, response);
    if (!answered) response.writeHead(404).end('not an API');
  });
  readonly #clients: (Client | RawClient)[] = [];

  constructor({
    routes,
    region = 'us-east-1',
    notRun = [],
    mocks = {},
    services = {},
    integrations = {},
    ...setup
  }: GatewaySetup) {
    const log = (text: string) => this.logged.push(text);
    const { authorizer } = setup;
    this.functions = new FakeFunctions(authorizer ? { ...routes, authorizer: authorizer.run } : routes);
    this.api = {
      path: 'Stack/Api',
      apiId: API_ID,
      name: 'Api',
      routeSelectionExpression: setup.routeSelectionExpression ?? '$request.body.action',
      routes: Object.entries(routes).map(([routeKey, route]) => ({
        path: `Stack/Api/${routeKey}`,
        routeKey,
        ...(routeKey === '$connect' && notRun.includes('authorizer') && { authorizer: NOT_RUN }),
        ...(routeKey === '$connect' &&
          setup.access && { authorizer: { type: 'AWS_IAM', path: 'Stack/Connect' } }),
        ...(routeKey === '$connect' && authorizer && { authorizer: lambdaAuthorizer(authorizer) }),
        ...(routeKey === '$connect' &&
          setup.parameters && {
            parameters: Object.fromEntries(
              setup.parameters.map((name) => [name.replace(/!$/, ''), { isRequired: name.endsWith('!') }]),
            ),
          }),
        integration: notRun.includes(routeKey)
          ? NOT_RUN
          : integrations[routeKey]
            ? integrations[routeKey]
            : services[routeKey]
              ? services[routeKey]
              : mocks[routeKey]
                ? {
                    type: 'MOCK',
                    path: 'Stack/Mock',
                    request: { templates: {} },
                    passthrough: 'WHEN_NO_MATCH',
                    responses: [],
                    ...mocks[routeKey],
                  }
                : {
                    type: 'AWS_PROXY',
                    functionName: routeKey,
                    timeoutMillis: (typeof route === 'object' && route.timeoutMillis) || 29_000,
                  },
        returnsResponse: typeof route === 'object' && route.returnsResponse === true,
        ...setup.more?.[routeKey],
      })),
      stages: [
        { path: 'Stack/Api/Stage', stageName: 'chat', variables: setup.stageVariables ?? {}, ...setup.stage },
      ],
      ...(setup.apiKeys && { apiKeys: setup.apiKeys }),
      ...(setup.customDomains && { customDomains: setup.customDomains }),
      ...(setup.isExecuteApiDisabled && { isExecuteApiDisabled: true }),
    };
    this.gateway = new Gateway({
      apis: [this.api, ...(setup.otherApis ?? [])],
      region,
      accountId: '000000000000',
      invoker: this.functions,
      clock: this.clock,
      log: { info: log, warn: log, error: log },
      ...(setup.endpoint && { endpoint: setup.endpoint }),
      ...(setup.faults && { faults: setup.faults }),
      ...(setup.access && { access: setup.access }),
      ...(setup.accountQuotas && { accountQuotas: setup.accountQuotas }),
      ...(setup.sizeLimits && { sizeLimits: setup.sizeLimits }),
    });
    this.server.on('upgrade', (request, socket, head) => this.gateway.handleUpgrade(request, socket, head));
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Opens a connection. Throws with the status of a refusal. */
  async connect(path = '/chat', options: ClientOptions = {}): Promise<Client> {
    const client = this.client(path, options);
    await client.opened;
    return client;
  }

  client(path = '/chat', options: ClientOptions = {}): Client {
    const client = new Client(`ws://127.0.0.1:${this.port}${path}`, options);
    this.#clients.push(client);
    return client;
  }

  /** Opens a connection, and returns it with its id. */
  async connectKnown(
    path = '/chat',
    options: ClientOptions = {},
  ): Promise<{ client: Client; connectionId: string }> {
    const connected = this.functions.next('CONNECT');
    const client = await this.connect(path, options);
    return { client, connectionId: (await connected).requestContext.connectionId };
  }

  async raw(options: { stays?: boolean } = {}): Promise<RawClient> {
    const client = await RawClient.connect(this.port, options);
    this.#clients.push(client);
    return client;
  }

  management(config: ApiGatewayManagementApiClientConfig = {}): ApiGatewayManagementApiClient {
    return new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${this.port}/chat`,
      region: 'us-east-1',
      maxAttempts: 1,
      ...config,
    });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.terminate();
    this.server.closeAllConnections();
    if (this.server.listening) {
      this.server.close();
      await once(this.server, 'close');
    }
  }
}

function lambdaAuthorizer({ identitySources = [] }: { identitySources?: string[] }): LambdaAuthorizer {
  return { type: 'REQUEST', path: 'Stack/Authorizer', functionName: 'authorizer', identitySources };
}

/** Runs the test's functions in process, and keeps every event that they receive. */
export class FakeFunctions implements FunctionInvoker {
  readonly events: GatewayEvent[] = [];
  /** The same events, as JSON text. */
  readonly payloads: string[] = [];
  /** Events of asynchronous invocations. */
  readonly queued: { functionName: string; payload: string }[] = [];
  readonly #routes: GatewaySetup['routes'];
  #waiting: { eventType: string; resolve: (event: GatewayEvent) => void }[] = [];

  constructor(routes: GatewaySetup['routes']) {
    this.#routes = routes;
  }

  async invoke(functionName: string, payload: string): Promise<InvocationOutcome> {
    const event: GatewayEvent = JSON.parse(payload);
    this.events.push(event);
    this.payloads.push(payload);
    const eventType = event.requestContext?.eventType;
    const served = this.#waiting.find((waiting) => waiting.eventType === eventType);
    this.#waiting = this.#waiting.filter((waiting) => waiting !== served);
    served?.resolve(event);
    const route = this.#routes[functionName];
    if (!route) throw new Error(`There is no function ${functionName}.`);
    const run = typeof route === 'function' ? route : route.run;
    try {
      const result = await run(event);
      return { kind: 'success', requestId: 'r', payload: JSON.stringify(result) ?? 'null' };
    } catch (error) {
      const errorMessage = error instanceof Error ? error.message : String(error);
      return {
        kind: 'failure',
        requestId: 'r',
        errorType: 'Error',
        errorMessage,
        payload: JSON.stringify({ errorType: 'Error', errorMessage }),
      };
    }
  }

  invokeAsync(functionName: string, payload: string): void {
    this.queued.push({ functionName, payload });
  }

  /** The next event of this type that arrives from now on. */
  next(eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT'): Promise<GatewayEvent> {
    return new Promise((resolve) => this.#waiting.push({ eventType, resolve }));
  }

  count(eventType: string): number {
    return this.events.filter((event) => event.requestContext?.eventType === eventType).length;
  }
}

export async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}
