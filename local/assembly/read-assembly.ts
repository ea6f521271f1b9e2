import { UserError } from '../user-error';
import { readFunctionUrls } from './apis/function-urls';
import { readHttpApis } from './apis/http-apis';
import { HttpAuthorizers } from './apis/http-authorizers';
import { HttpIntegrations } from './apis/http-integrations';
import { readRestApis } from './apis/rest-apis';
import { RouteAuthorizers } from './apis/route-authorizers';
import { RouteIntegrations } from './apis/route-integrations';
import { isWebSocketApi, readWebSocketApis } from './apis/websocket-apis';
import { Assembly } from './assembly';
import { EnvironmentOverrides } from './functions/environment-overrides';
import { readFunctions } from './functions/functions';
import { brokenHttpRoutes, brokenRoutes, refuseLosses, refuseNothingLeft } from './losses';
import { AppTargets } from './messaging/app-targets';
import { readEventBuses } from './messaging/event-buses';
import { readEventSourceMappings } from './messaging/event-source-mappings';
import { readQueues } from './messaging/queues';
import { readSchedules } from './messaging/schedules';
import { readTopics } from './messaging/topics';
import type { App, OtherResource, WebSocketApi } from './model';
import { listOtherResources } from './other-resources';
import { readResourcePolicies } from './permissions/resource-policies';
import { readRoles } from './permissions/roles';
import type { StackSelection } from './stack-selection';
import { notificationHandlers, readBuckets } from './stores/buckets';
import { readSecrets } from './stores/secrets';
import { readStoredParameters } from './stores/stored-parameters';
import { readTables } from './stores/tables';
import { readConstructErrors } from './synthesis/construct-errors';
import { OutsideValues } from './values/outside-values';
import { refuseReferenceCycles } from './values/reference-cycles';
import { readOutputs, readStacks } from './values/stack-outputs';

export interface ReadSettings extends StackSelection {
  /** Whether to refuse an app if one of its parts is not run. @default false */
  isStrict?: boolean;
  /** `--parameter NAME=VALUE`: values that only AWS knows. @default placeholders */
  parameters?: Record<string, string>;
  /** A file with environment variables of functions, in SAM's format. */
  environmentFile?: string;
}

/**
 * Reads a CDK app from its cloud assembly in `directory`. A part that is not run affects only what depends on it.
 * @throws {UserError} if the app has no WebSocket API, no part of it can be run, or AWS would refuse to deploy it
 */
export function readAssembly(directory: string, settings: ReadSettings = {}): App {
  const outside = new OutsideValues(settings.parameters ?? {}, true);
  try {
    return read(directory, settings, outside);
  } catch (error) {
    throw error instanceof UserError ? new UserError(outside.explain(error.message)) : error;
  }
}

function read(directory: string, settings: ReadSettings, outside: OutsideValues): App {
  const { isStrict = false, parameters = {}, environmentFile, ...selection } = settings;
  const assembly = Assembly.read(directory, { ...selection, outside });
  const { region } = assembly;
  const accountId = accountOf(assembly, directory);
  for (const stack of assembly.stacks) refuseReferenceCycles(stack);
  const overrides = environmentFile === undefined ? undefined : EnvironmentOverrides.read(environmentFile);
  const replaced = notificationHandlers(assembly);
  const functions = readFunctions(assembly, overrides, replaced);
  const { apis, notRun } = readWebSocketApis(assembly, {
    integrations: new RouteIntegrations(assembly, functions),
    authorizers: new RouteAuthorizers(assembly, functions),
  });
  const httpParts = {
    integrations: new HttpIntegrations(assembly, functions),
    authorizers: new HttpAuthorizers(assembly, functions),
  };
  const httpApis = readHttpApis(assembly, httpParts);
  const restApis = readRestApis(assembly, httpParts);
  const tables = readTables(assembly);
  const runnable = new Set(functions.functions.map(({ functionName }) => functionName));
  const queues = readQueues(assembly);
  const targets = new AppTargets(assembly, (functionName) => runnable.has(functionName), queues.queues);
  const topics = readTopics(assembly, targets);
  const buses = readEventBuses(assembly, targets, { region, accountId });
  const schedules = readSchedules(assembly, targets);
  const eventSources = readEventSourceMappings(assembly, {
    ...{ functions: functions.functions, tables, targets },
  });
  const buckets = readBuckets(assembly, targets);
  const roles = readRoles(assembly, functions.functions, integrationRoles(apis));
  const parts = {
    apis,
    httpApis: [...httpApis.apis, ...restApis.apis, ...readFunctionUrls(assembly, functions)],
    functions: functions.functions,
    tables,
    schedules: schedules.schedules,
    queues: queues.queues,
    topics: topics.topics,
    eventBuses: buses.buses,
    eventSources: eventSources.eventSources,
    buckets: buckets.buckets,
    storedParameters: readStoredParameters(assembly),
    secrets: readSecrets(assembly),
  };
  const broken = [...brokenRoutes(apis), ...brokenHttpRoutes(parts.httpApis)];
  const told = new Set(broken.map(({ path }) => path));
  const app: App = {
    region,
    accountId,
    ...parts,
    roles: roles.roles,
    resourcePolicies: readResourcePolicies(assembly),
    givenValues: parameters,
    unknownValues: outside.usedIn(parts),
    stacks: readStacks(assembly),
    outputs: readOutputs(assembly, (value) => outside.isUnknown(value)),
    notRun: [
      ...oldVersion(assembly, directory),
      ...readConstructErrors(assembly),
      ...assembly.notRun,
      ...notRun,
      ...httpApis.notRun,
      ...restApis.notRun,
      ...broken,
      ...functions.notRun.filter(({ path }) => !told.has(path) && !CUSTOM_RESOURCE_HANDLER.test(path)),
      ...queues.notRun,
      ...topics.notRun,
      ...buses.notRun,
      ...schedules.notRun,
      ...eventSources.notRun,
      ...buckets.notRun,
      ...roles.notRun,
      ...listOtherResources(assembly),
    ],
  };
  refuseNothingLeft(app);
  if (isStrict) refuseLosses(app);
  return app;
}

/** The roles with which routes call AWS's services. */
function integrationRoles(apis: WebSocketApi[]): string[] {
  return apis.flatMap(({ routes }) =>
    routes
      .flatMap(({ integration, integrationsByStage = {} }) => [
        integration,
        ...Object.values(integrationsByStage),
      ])
      .flatMap((integration) => (integration.type === 'AWS' ? [integration.roleArn] : [])),
  );
}

/** The CDK's own functions behind custom resources. The custom resources are listed instead. */
const CUSTOM_RESOURCE_HANDLER = /\/Custom::/;

/** The account of the app's WebSocket APIs. */
function accountOf(assembly: Assembly, directory: string): string {
  const api = assembly.resources('AWS::ApiGatewayV2::Api').find(isWebSocketApi);
  if (api) return api.stack.accountId;
  throw new UserError(
    `The app in ${directory} has no WebSocket API (AWS::ApiGatewayV2::Api with ProtocolType WEBSOCKET), so there is nothing to run. Its stacks: ${
      assembly.stacks.map(({ name }) => name).join(', ') || 'none'
    }.${assembly.notRun.map(({ path, reason }) => ` ${path} ${reason}.`).join('')}`,
  );
}

/** CDK 1 has reached its end of life. Constructs that match those of CDK 2 work. */
function oldVersion({ cdk1Version }: Assembly, directory: string): OtherResource[] {
  if (cdk1Version === undefined) return [];
  return [
    {
      type: 'CDK 1',
      path: directory,
      reason: `was synthesized by CDK ${cdk1Version}, which AWS no longer maintains; it is read like a CDK 2 app. If that fails, move the app to CDK 2`,
    },
  ];
}
