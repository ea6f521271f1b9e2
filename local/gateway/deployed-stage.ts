/** One stage of one API, as the gateway serves it: its routes, looked up by key, and the names that its events carry. */
import type { Route, WebSocketApi } from '../assembly/model';
import { RouteSelection } from './route-selection';

export class DeployedStage {
  readonly apiId: string;
  readonly stageName: string;
  readonly domainName: string;
  /** Undefined if the stage has none: then events have no such key. */
  readonly stageVariables: Record<string, string> | undefined;
  readonly connectRoute: Route | undefined;
  readonly disconnectRoute: Route | undefined;
  readonly #defaultRoute: Route | undefined;
  readonly #customRoutes = new Map<string, Route>();
  readonly #selection: RouteSelection;

  constructor(api: WebSocketApi, stage: WebSocketApi['stages'][number], region: string) {
    this.apiId = api.apiId;
    this.stageName = stage.stageName;
    this.domainName = `${api.apiId}.execute-api.${region}.${urlSuffix(region)}`;
    this.stageVariables = Object.keys(stage.variables).length > 0 ? stage.variables : undefined;
    const predefined = new Map<string, Route>();
    for (const route of api.routes) {
      (route.routeKey.startsWith('$') ? predefined : this.#customRoutes).set(route.routeKey, route);
    }
    this.connectRoute = predefined.get('$connect');
    this.disconnectRoute = predefined.get('$disconnect');
    this.#defaultRoute = predefined.get('$default');
    this.#selection = new RouteSelection(api.routeSelectionExpression, api.path);
  }

  /** The route for a message, if there is one. A client can ask for custom routes only, whatever its message says. */
  routeFor(message: string): Route | undefined {
    if (this.#customRoutes.size === 0) return this.#defaultRoute;
    return this.#customRoutes.get(this.#selection.select(message)) ?? this.#defaultRoute;
  }
}

function urlSuffix(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
