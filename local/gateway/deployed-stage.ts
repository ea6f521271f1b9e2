/** One stage of one API: its routes and settings, which a new deployment replaces. */
import type {
  ApiKeySettings,
  CustomDomain,
  Route,
  Stage,
  StageThrottling,
  WebSocketApi,
} from '../assembly/model';
import { executeApiDomain } from '../aws-domains';
import type { MessageModels } from './message-models';
import { RouteSelection } from './route-selection';

/** What a deployment can change. */
interface Deployment {
  customDomains: CustomDomain[];
  isExecuteApiDisabled: boolean;
  stageVariables: Record<string, string> | undefined;
  connectRoute: Route | undefined;
  disconnectRoute: Route | undefined;
  defaultRoute: Route | undefined;
  customRoutes: Map<string, Route>;
  selection: RouteSelection;
  models: Map<string, MessageModels>;
  apiKeys: ApiKeySettings | undefined;
  throttling: StageThrottling | undefined;
  accessLogFormat: string | undefined;
}

export class DeployedStage {
  readonly apiId: string;
  readonly stageName: string;
  /** The API's own host: `{apiId}.execute-api.{region}.amazonaws.com`. */
  readonly executeApiHost: string;
  #deployment: Deployment;

  /** @throws UserError if the API's route selection expression is not supported */
  constructor(api: WebSocketApi, stage: Stage, region: string) {
    this.apiId = api.apiId;
    this.stageName = stage.stageName;
    this.executeApiHost = executeApiDomain(api.apiId, region);
    this.#deployment = deployment(api, stage);
  }

  /**
   * Takes over the deployment of `other`, a newer reading of the stage. Open connections use it from their next
   * message.
   */
  redeploy(other: DeployedStage): void {
    this.#deployment = other.#deployment;
  }

  /** The domains that lead to this stage. */
  get customDomains(): CustomDomain[] {
    return this.#deployment.customDomains;
  }

  /** Whether the API's own host refuses everything. */
  get isExecuteApiDisabled(): boolean {
    return this.#deployment.isExecuteApiDisabled;
  }

  /** The host in events of local addresses: the API's own, or a custom domain if that is disabled. */
  get domainName(): string {
    const [custom] = this.customDomains;
    return this.isExecuteApiDisabled && custom ? custom.domainName : this.executeApiHost;
  }

  /** Undefined if the stage has none; events then omit the key. */
  get stageVariables(): Record<string, string> | undefined {
    return this.#deployment.stageVariables;
  }

  get throttling(): StageThrottling | undefined {
    return this.#deployment.throttling;
  }

  get accessLogFormat(): string | undefined {
    return this.#deployment.accessLogFormat;
  }

  /** The API's, if one of its routes requires a key. */
  get apiKeys(): ApiKeySettings | undefined {
    return this.#deployment.apiKeys;
  }

  modelsOf({ routeKey }: Route): MessageModels | undefined {
    return this.#deployment.models.get(routeKey);
  }

  get connectRoute(): Route | undefined {
    return this.#deployment.connectRoute;
  }

  get disconnectRoute(): Route | undefined {
    return this.#deployment.disconnectRoute;
  }

  /** The route for a message, if any. Messages can select custom routes only, not `$connect` and the like. */
  routeFor(message: string): Route | undefined {
    const { customRoutes, defaultRoute, selection } = this.#deployment;
    if (customRoutes.size === 0) return defaultRoute;
    return customRoutes.get(selection.select(message)) ?? defaultRoute;
  }
}

function deployment(
  api: WebSocketApi,
  { stageName, variables, throttling, accessLogFormat }: Stage,
): Deployment {
  const predefined = new Map<string, Route>();
  const customRoutes = new Map<string, Route>();
  for (const { integrationsByStage, ...shared } of api.routes) {
    const route = { ...shared, integration: integrationsByStage?.[stageName] ?? shared.integration };
    (route.routeKey.startsWith('$') ? predefined : customRoutes).set(route.routeKey, route);
  }
  return {
    customDomains: (api.customDomains ?? []).filter((domain) => domain.stageName === stageName),
    isExecuteApiDisabled: api.isExecuteApiDisabled === true,
    stageVariables: Object.keys(variables).length > 0 ? variables : undefined,
    connectRoute: predefined.get('$connect'),
    disconnectRoute: predefined.get('$disconnect'),
    defaultRoute: predefined.get('$default'),
    customRoutes,
    models: modelsOf(api),
    apiKeys: api.apiKeys,
    throttling,
    accessLogFormat,
    selection: new RouteSelection(api.routeSelectionExpression, api.path),
  };
}

function modelsOf({ routes }: WebSocketApi): Map<string, MessageModels> {
  const models = new Map<string, MessageModels>();
  for (const { validation, routeKey, path } of routes) {
    if (!validation) continue;
    // Loaded on demand, because few apps have models and the validator takes a while to load.
    const { MessageModels } = require('./message-models') as typeof import('./message-models');
    models.set(routeKey, new MessageModels(validation, path));
  }
  return models;
}
