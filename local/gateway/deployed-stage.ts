/** One stage of one API, as the gateway serves it: its routes, looked up by key, and the names that its events carry. */
import type { CustomDomain, Route, Stage, WebSocketApi } from '../assembly/model';
import { executeApiDomain } from '../aws-domains';
import { RouteSelection } from './route-selection';

/** What a deployment brings to a stage. */
interface Deployment {
  customDomains: CustomDomain[];
  isExecuteApiDisabled: boolean;
  stageVariables: Record<string, string> | undefined;
  connectRoute: Route | undefined;
  disconnectRoute: Route | undefined;
  defaultRoute: Route | undefined;
  customRoutes: Map<string, Route>;
  selection: RouteSelection;
}

export class DeployedStage {
  readonly apiId: string;
  readonly stageName: string;
  /** The API's own host. */
  readonly executeApiHost: string;
  #deployment: Deployment;

  /** @throws UserError if the API's route selection expression cannot be used. */
  constructor(api: WebSocketApi, stage: Stage, region: string) {
    this.apiId = api.apiId;
    this.stageName = stage.stageName;
    this.executeApiHost = executeApiDomain(api.apiId, region);
    this.#deployment = deployment(api, stage);
  }

  /** The connections that are open stay, and their next message finds what `other`, the same stage, has been deployed with. */
  redeploy(other: DeployedStage): void {
    this.#deployment = other.#deployment;
  }

  /** Those that lead to this stage. */
  get customDomains(): CustomDomain[] {
    return this.#deployment.customDomains;
  }

  /** Whether the API's own host refuses everything. */
  get isExecuteApiDisabled(): boolean {
    return this.#deployment.isExecuteApiDisabled;
  }

  /** What the addresses of this machine stand for: the API's own host, or where that is off a custom domain. */
  get domainName(): string {
    const [custom] = this.customDomains;
    return this.isExecuteApiDisabled && custom ? custom.domainName : this.executeApiHost;
  }

  /** Undefined if the stage has none: then events have no such key. */
  get stageVariables(): Record<string, string> | undefined {
    return this.#deployment.stageVariables;
  }

  get connectRoute(): Route | undefined {
    return this.#deployment.connectRoute;
  }

  get disconnectRoute(): Route | undefined {
    return this.#deployment.disconnectRoute;
  }

  /** The route for a message, if there is one. A client can ask for custom routes only, whatever its message says. */
  routeFor(message: string): Route | undefined {
    const { customRoutes, defaultRoute, selection } = this.#deployment;
    if (customRoutes.size === 0) return defaultRoute;
    return customRoutes.get(selection.select(message)) ?? defaultRoute;
  }
}

function deployment(api: WebSocketApi, { stageName, variables }: Stage): Deployment {
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
    selection: new RouteSelection(api.routeSelectionExpression, api.path),
  };
}
