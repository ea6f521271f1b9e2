/** An app on this machine: its WebSocket APIs, functions, tables, buckets, queues and topics behind one port. */
import { setTimeout as wait } from 'node:timers/promises';
import type { App, HttpApi, LambdaFunction, WebSocketApi } from './assembly/model';
import { type Clock, fasterClock, systemClock } from './clock';
import { StackDescriptions } from './cloudformation/stack-descriptions';
import { createConsole } from './console/console';
import type { LocalHandler } from './console/console-endpoint';
import type { ItemChange } from './dynamodb/change';
import { LocalDynamoDb } from './dynamodb/local-dynamodb';
import { Endpoint, type RequestHandler } from './endpoint/endpoint';
import { type KeySetFiles, KeySets } from './endpoint/key-sets';
import type { PageReload } from './endpoint/page-reload';
import { answerServiceError } from './endpoint/service-error';
import { WebFiles } from './endpoint/web-files';
import type { Faults } from './faults/faults';
import { namesForPeople } from './function-names';
import { Gateway } from './gateway/gateway';
import type { AccountQuotas, SizeLimits } from './gateway/quotas';
import { HttpApis } from './http/http-apis';
import { Access } from './iam/access';
import { guardedServices } from './iam/guarded-service';
import { PROTOCOLS } from './iam/protocols';
import type { Isolation } from './lambda/environment';
import { FunctionHost } from './lambda/function-host';
import { functionList } from './lambda/function-list';
import { type FunctionLog, textFunctionLog } from './lambda/function-log';
import { invokeHandler } from './lambda/invoke-api';
import { UnpackedCode } from './lambda/unpacked-code';
import type { Log } from './log';
import { Messaging } from './messaging/messaging';
import { ParameterStore } from './parameters/parameter-store';
import { SecretsManager } from './parameters/secrets-manager';
import { LocalS3 } from './s3/local-s3';
import { UserError } from './user-error';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 3001;

export interface RuntimeOptions {
  app: App;
  /** 0 for any free port. @default 3001 */
  port?: number;
  /** @default 127.0.0.1 */
  host?: string;
  /** Other host names that requests may use. @default none */
  allowedHosts?: string[];
  /** Another DynamoDB instead of the built-in one. */
  dynamodbUrl?: string;
  /** Where the built-in DynamoDB keeps its tables. @default in memory */
  dynamodbDirectory?: string;
  /** The folders that stand for buckets, by bucket name. Missing folders are created. */
  bucketDirectories?: Record<string, string>;
  /** The files with issuers' key sets, by the URLs that functions fetch them from. @default none */
  keySets?: KeySetFiles;
  /** The files for requests to no API. */
  webDirectory?: string;
  /** Reloads these pages in browsers. @default no reload */
  pageReload?: PageReload;
  clock?: Clock;
  /** How many times as fast idle limits, retries, schedules, delays and expiry pass. Functions keep their time. @default 1 */
  timeScale?: number;
  /** Whether signatures and the policies of roles decide who may do what. @default true */
  iam?: boolean;
  /** Where Node.js functions run. @default thread */
  isolation?: Isolation;
  log: Log;
  /** @default lines of `log` */
  functionLog?: FunctionLog;
  /** The faults to inject. @default none */
  faults?: Faults;
  /** Of frames and messages at the gateway. @default AWS's */
  sizeLimits?: SizeLimits;
  /** What the gateway takes in a second. @default AWS's quotas of an account */
  accountQuotas?: AccountQuotas;
  /**
   * Tells the console of the services of a library, and acts on them, below `/@local/services`. The runtime itself knows none.
   * @param url the runtime's, known once there are requests
   * @default none
   */
  services?: (url: () => string) => LocalHandler;
}

export interface Runtime {
  /** `http://localhost:{port}`: pages, and the endpoint of the AWS services. */
  readonly url: string;
  readonly port: number;
  readonly apis: WebSocketApi[];
  readonly httpApis: HttpApi[];
  readonly functions: FunctionHost;
  readonly dynamodb: LocalDynamoDb;
  readonly bucketDirectories: Record<string, string>;
  /** The URL of an HTTP API, a REST API or a function URL on this machine, without a trailing slash. */
  httpUrl(apiId: string, stageName: string): string;
  /** Where clients connect. `apiId` is required if several APIs have a stage with this name. */
  webSocketUrl(stageName: string, apiId?: string): string;
  /**
   * Applies a new reading of the app in the same region and account. Sockets stay open, and tables keep their items.
   * @throws {UserError} if a table cannot be created or a route selection expression is not supported; then the
   * previous app keeps running
   */
  update(app: App): Promise<void>;
  /** Closes every WebSocket with 1001, lets `$disconnect` run, and ends the threads, within 5 s. */
  close(): Promise<void>;
}

/** Together less than the 5 s of a stop. */
const S3_CLOSE_MILLIS = 500;
const GATEWAY_CLOSE_MILLIS = 3_000;
const FUNCTIONS_CLOSE_MILLIS = 1_000;

/** @throws {UserError} if the port is in use or a table cannot be created */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { app, host = DEFAULT_HOST, port = DEFAULT_PORT, clock = systemClock } = options;
  const { region, accountId, apis, functions, tables } = app;
  const appTime = fasterClock(clock, options.timeScale ?? 1);
  let current = app;
  let names = namesForPeople(app);
  const nameOf = (functionName: string) => names(functionName);
  const localConsole = createConsole({
    clock,
    faults: options.faults,
    services: options.services?.(() => `http://${authority()}`),
    runtime: () => ({
      app: current,
      addresses: { webSocketUrl, httpUrl },
      connections: gateway.connections,
      environments: functionHost.environmentCount,
    }),
  });
  const log = localConsole.log(options.log);
  const unpackedCode = new UnpackedCode();
  const runnable = await unpackedCode.of(functions);
  const access = options.iam === false ? undefined : new Access({ app, log, nameOf, clock });
  // Mappings tell a change's age by their own clock.
  const inAppTime = (change: ItemChange): ItemChange =>
    appTime === clock ? change : { ...change, at: appTime.now() };
  const dynamodb = await LocalDynamoDb.start({
    access,
    region,
    accountId,
    tables,
    clock,
    appTime,
    log,
    ...(options.dynamodbUrl === undefined ? {} : { url: options.dynamodbUrl }),
    ...(options.dynamodbDirectory === undefined ? {} : { directory: options.dynamodbDirectory }),
    faults: options.faults,
    onChange: (change) => messaging.changed(inAppTime(change)),
  });
  const keySets = new KeySets(options.keySets ?? {}, log);
  const servedHosts = (served: WebSocketApi[]) => [...domainsOf(served), ...keySets.hostNames];
  // Another DynamoDB is reached through the one port, where faults may be switched on at any time.
  const directly = options.dynamodbUrl === undefined ? { dynamodb: { path: dynamodb.address } } : {};
  const serviceEndpoints = remembered(
    () => current.apis,
    (served) => {
      const here = { host: reachable(host), port: endpoint.port };
      return { ...directly, ...Object.fromEntries(servedHosts(served).map((name) => [name, here])) };
    },
  );
  const functionHost = new FunctionHost({
    functions: runnable,
    region,
    accountId,
    clock,
    appTime,
    log: localConsole.functionLog(options.functionLog ?? textFunctionLog(options.log, { nameOf }), nameOf),
    endpoint: () => ({ host: reachable(host), port: endpoint.port }),
    serviceEndpoints: () => serviceEndpoints(),
    limits: { closeMillis: FUNCTIONS_CLOSE_MILLIS },
    ...(access && { credentialsOf: (lambdaFunction) => access.credentialsOf(lambdaFunction) }),
    ...(options.isolation && { isolation: options.isolation }),
    faults: options.faults,
    destinations: { deliver: (arn, delivery) => messaging.deliver(arn, delivery) },
  });
  const messaging: Messaging = new Messaging({
    ...{ app, invoker: functionHost, clock: appTime, log },
    recordedChanges: (tableName) => dynamodb.recordedChanges(tableName).map(inAppTime),
    hasFunction: (functionName) => functionHost.find(functionName) !== undefined,
  });
  const s3 = new LocalS3({
    ...{ buckets: app.buckets, directories: options.bucketDirectories ?? {} },
    ...{ region, accountId, destinations: messaging, clock, log },
  });
  const closeParts = async (gateway?: Gateway) => {
    messaging.stop();
    await atMost(S3_CLOSE_MILLIS, s3.stop());
    if (gateway) await atMost(GATEWAY_CLOSE_MILLIS, gateway.close());
    await atMost(FUNCTIONS_CLOSE_MILLIS, functionHost.close());
    unpackedCode.close();
    localConsole.close();
    keySets.close();
    await dynamodb.close();
  };
  const start = async () => {
    const gateway = new Gateway({
      ...{ apis, region, accountId, invoker: functionHost, clock, appTime, log, nameOf },
      endpoint: () => ({ host: reachable(host), port: endpoint.port }),
      access,
      observer: localConsole.observer,
      ...(options.faults && { faults: options.faults }),
      ...(options.sizeLimits && { sizeLimits: options.sizeLimits }),
      ...(options.accountQuotas && { accountQuotas: options.accountQuotas }),
    });
    const httpApis = new HttpApis({
      ...{ apis: app.httpApis, region, accountId, invoker: functionHost, clock, log, nameOf, access },
    });
    const opened = new Endpoint({
      host,
      port,
      ...(options.allowedHosts && { allowedHosts: options.allowedHosts }),
      servedHosts: remembered(() => current.apis, servedHosts),
      keySets,
      console: localConsole,
      gateway,
      httpApis,
      services: guardedServices(access, PROTOCOLS, {
        dynamodb: dynamodb.handler,
        lambda: lambdaService(functionHost, () => current.functions),
        s3: await s3.start(),
        ...messaging.services,
        cloudformation: new StackDescriptions(() => current, clock.now()),
        ssm: new ParameterStore(() => current, clock.now(), log),
        secretsmanager: new SecretsManager(() => current, clock.now(), log),
      }),
      ...(options.webDirectory === undefined
        ? {}
        : { web: new WebFiles(options.webDirectory, options.pageReload) }),
      log,
    });
    await opened.listen();
    return { gateway, httpApis, opened };
  };
  const {
    gateway,
    httpApis,
    opened: endpoint,
  } = await start().catch(async (error: unknown) => {
    await closeParts();
    throw error;
  });
  messaging.start();
  if (options.dynamodbUrl !== undefined) warnOfStreams(app, log);
  const authority = () => `${displayHost(host)}:${endpoint.port}`;
  const httpUrl = (apiId: string, stageName: string) =>
    `http://${authority()}/${stageName === '$default' ? apiId : `${apiId}/${stageName}`}`;
  const webSocketUrl = (stageName: string, apiId?: string) =>
    `ws://${authority()}/${stagePath(current.apis, stageName, apiId)}`;
  return {
    url: `http://${authority()}`,
    port: endpoint.port,
    get apis() {
      return current.apis;
    },
    get httpApis() {
      return current.httpApis;
    },
    functions: functionHost,
    dynamodb,
    bucketDirectories: s3.directories,
    httpUrl,
    webSocketUrl,
    update: async (later) => {
      const unpacked = await unpackedCode.of(later.functions);
      await dynamodb.update(later.tables);
      // From here on synchronously, so that no event sees a half-applied app.
      access?.update(later);
      gateway.redeploy(later.apis);
      httpApis.redeploy(later.httpApis);
      // Warm environments stay if nothing in them has changed.
      if (JSON.stringify(later.functions) !== JSON.stringify(current.functions)) {
        functionHost.replace(unpacked);
      }
      messaging.update(later);
      names = namesForPeople(later);
      current = later;
    },
    close: async () => {
      await closeParts(gateway);
      await endpoint.close();
    },
  };
}

function domainsOf(apis: WebSocketApi[]): string[] {
  return apis.flatMap(({ customDomains = [] }) => customDomains.map(({ domainName }) => domainName));
}

/** Caches what `make` returned until the source's value changes. */
function remembered<Source, Value>(source: () => Source, make: (value: Source) => Value): () => Value {
  let last: { of: Source; value: Value } | undefined;
  return () => {
    const now = source();
    if (last?.of !== now) last = { of: now, value: make(now) };
    return last.value;
  };
}

/** `{stage}`, or `{apiId}/{stage}` if several APIs have a stage with this name. */
function stagePath(apis: WebSocketApi[], stageName: string, apiId: string | undefined): string {
  const found = apis.filter(
    (api) =>
      (apiId === undefined || api.apiId === apiId) &&
      api.stages.some((stage) => stage.stageName === stageName),
  );
  const [api] = found;
  if (!api || found.length > 1) {
    const known = apis.flatMap(({ apiId: id, stages }) => stages.map((stage) => `${id}/${stage.stageName}`));
    throw new UserError(
      `${found.length === 0 ? 'No API has' : 'Several APIs have'} a stage named ${stageName}. The stages are: ${known.join(', ')}.`,
    );
  }
  const isUnique =
    apis.filter(({ stages }) => stages.some((stage) => stage.stageName === stageName)).length === 1;
  return isUnique ? stageName : `${api.apiId}/${stageName}`;
}

/** Only the built-in DynamoDB reports its changes. */
function warnOfStreams({ eventSources }: App, log: Log): void {
  const streams = eventSources.filter(({ source }) => source === 'stream');
  if (streams.length === 0) return;
  const names = streams.map(({ functionName }) => functionName).join(', ');
  log.warn(
    `The runtime does not read streams of another DynamoDB, so they do not run ${names}. To run these, remove --dynamodb.`,
  );
}

function lambdaService(
  functionHost: FunctionHost,
  functions: () => readonly LambdaFunction[],
): RequestHandler {
  const invoke = invokeHandler(functionHost);
  const list = functionList(functions);
  return {
    handle(request, response) {
      if (invoke(request, response) || list(request, response)) return;
      answerServiceError(
        response,
        501,
        'UnsupportedOperation',
        `The runtime supports only Invoke and ListFunctions of Lambda, not ${request.method} ${request.url?.split('?')[0]}.`,
      );
    },
  };
}

/** An address to connect to, if the listening address means every interface. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function displayHost(host: string): string {
  if (host === DEFAULT_HOST || reachable(host) !== host) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, wait(milliseconds, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}
