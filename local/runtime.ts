/** An app on this machine: its WebSocket APIs, functions, tables, buckets, queues and topics behind one port. */
import { setTimeout as wait } from 'node:timers/promises';
import type { App, HttpApi, WebSocketApi } from './assembly/model';
import { fasterClock, systemClock } from './clock';
import { StackDescriptions } from './cloudformation/stack-descriptions';
import { createConsole } from './console/console';
import type { ItemChange } from './dynamodb/change';
import { LocalDynamoDb } from './dynamodb/local-dynamodb';
import { Endpoint } from './endpoint/endpoint';
import { KeySets } from './endpoint/key-sets';
import { WebFiles } from './endpoint/web-files';
import { namesForPeople } from './function-names';
import { Gateway } from './gateway/gateway';
import { HttpApis } from './http/http-apis';
import { Access } from './iam/access';
import { guardedServices } from './iam/guarded-service';
import { formAuthorizer, PROTOCOLS } from './iam/protocols';
import { bootstrapWarnings } from './lambda/environments/bootstrap-program';
import { FunctionHost } from './lambda/function-host';
import { textFunctionLog } from './lambda/function-log';
import { lambdaService } from './lambda/lambda-service';
import { UnpackedCode } from './lambda/unpacked-code';
import type { Log } from './log';
import { Messaging } from './messaging/messaging';
import { ParameterStore } from './parameters/parameter-store';
import { SecretsManager } from './parameters/secrets-manager';
import { RuntimeAddresses } from './runtime-addresses';
import { DEFAULT_HOST, DEFAULT_PORT, type RuntimeOptions } from './runtime-options';
import { BucketCors } from './s3/bucket-cors';
import { BucketForms } from './s3/bucket-forms';
import { LocalS3 } from './s3/local-s3';

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

/** Together less than the 5 s that `close` may take. */
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
  const addresses = new RuntimeAddresses({ host, port: () => endpoint.port, apis: () => current.apis });
  const localConsole = createConsole({
    clock,
    faults: options.faults,
    services: options.services?.(() => addresses.url),
    runtime: () => ({
      app: current,
      addresses,
      connections: gateway.connections,
      environments: functionHost.environmentCount,
    }),
  });
  const log = localConsole.log(options.log);
  const unpackedCode = new UnpackedCode();
  const runnable = await unpackedCode.of(functions);
  for (const text of bootstrapWarnings(runnable, nameOf)) log.warn(text);
  const access = options.iam === false ? undefined : new Access({ app, log, nameOf, clock });
  // Mappings measure a change's age by their own clock.
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
  // Requests to another DynamoDB pass through the runtime's port, where faults can be injected at any time.
  const directly = options.dynamodbUrl === undefined ? { dynamodb: { path: dynamodb.address } } : {};
  const serviceEndpoints = remembered(
    () => current.apis,
    (served) => {
      const here = addresses.endpoint;
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
    endpoint: () => addresses.endpoint,
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
    ...(access && { authorizeForm: formAuthorizer(access) }),
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
      endpoint: () => addresses.endpoint,
      access,
      observer: localConsole.observer,
      ...(options.faults && { faults: options.faults }),
      ...(options.sizeLimits && { sizeLimits: options.sizeLimits }),
      ...(options.accountQuotas && { accountQuotas: options.accountQuotas }),
    });
    const httpApis = new HttpApis({
      ...{ apis: app.httpApis, region, accountId, invoker: functionHost, clock, log, nameOf, access },
      throttles: gateway.throttles,
      keySets,
    });
    const services = guardedServices(access, PROTOCOLS, {
      dynamodb: dynamodb.handler,
      lambda: lambdaService(functionHost, () => current.functions),
      s3: await s3.start(),
      ...messaging.services,
      cloudformation: new StackDescriptions(() => current, clock.now()),
      ssm: new ParameterStore(() => current, clock.now(), log),
      secretsmanager: new SecretsManager(() => current, clock.now(), log),
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
      services,
      // Without IAM, signatures are not verified, so any page could use a bucket.
      ...(access && services.s3 && { presigned: new BucketCors(app.buckets, services.s3, log) }),
      ...(services.s3 && { bucketForms: new BucketForms(app.buckets, services.s3) }),
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
  return {
    url: addresses.url,
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
    httpUrl: (apiId, stageName) => addresses.httpUrl(apiId, stageName),
    webSocketUrl: (stageName, apiId) => addresses.webSocketUrl(stageName, apiId),
    update: async (later) => {
      const unpacked = await unpackedCode.of(later.functions);
      await dynamodb.update(later.tables);
      // The rest is synchronous, so that no event sees a half-applied app.
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
      for (const text of bootstrapWarnings(unpacked, nameOf)) log.warn(text);
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

/** Only the built-in DynamoDB reports changes. */
function warnOfStreams({ eventSources }: App, log: Log): void {
  const streams = eventSources.filter(({ source }) => source === 'stream');
  if (streams.length === 0) return;
  const names = streams.map(({ functionName }) => functionName).join(', ');
  log.warn(
    `The runtime does not read the streams of another DynamoDB, so ${names} does not run for changes. To use the built-in DynamoDB, remove --dynamodb.`,
  );
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, wait(milliseconds, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}
