/** What the console shows of an app: APIs with stages and routes, functions and tables. Omits environment variables. */
import type { App, HttpApi, Integration, WebSocketApi } from '../assembly/model';
import { namesForPeople } from '../function-names';
import type { Activity } from './activity';

export interface Addresses {
  webSocketUrl(stageName: string, apiId: string): string;
  httpUrl(apiId: string, stageName: string): string;
}

export interface AppOutline {
  region: string;
  accountId: string;
  apis: ApiOutline[];
  functions: FunctionOutline[];
  tables: string[];
}

interface ApiOutline {
  id: string;
  name: string;
  kind: string;
  stages: { name: string; url: string }[];
  /** Each route with what it runs. */
  routes: { key: string; runs: string }[];
}

interface FunctionOutline {
  name: string;
  runtime: string;
  timeoutSeconds: number;
  memoryMegabytes: number;
  running: number;
  invocations: number;
  errors: number;
  cold: number;
  /** Durations of the latest invocations, in milliseconds. */
  medianMillis?: number;
}

export function appOutline(app: App, addresses: Addresses, activity: Activity): AppOutline {
  const nameOf = namesForPeople(app);
  const apis = app.apis.map((api) => ({
    ...{ id: api.apiId, name: pathOf(api), kind: 'WebSocket' },
    stages: api.stages.map(({ stageName }) => ({
      name: stageName,
      url: addresses.webSocketUrl(stageName, api.apiId),
    })),
    routes: api.routes.map(({ routeKey, integration }) => ({
      key: routeKey,
      runs: targetOf(integration, nameOf),
    })),
  }));
  const httpApis = app.httpApis.map((api) => ({
    ...{ id: api.apiId, name: pathOf(api), kind: api.kind === 'FUNCTION_URL' ? 'Function URL' : 'HTTP' },
    stages: api.stages.map(({ stageName }) => ({
      name: stageName,
      url: addresses.httpUrl(api.apiId, stageName),
    })),
    routes: api.routes.map(({ method, resource, integration }) => ({
      key: resource === '$default' ? resource : `${method} ${resource}`,
      runs: 'functionName' in integration ? nameOf(integration.functionName) : integration.type,
    })),
  }));
  const functions = app.functions.map((one) => {
    const { durations, ...totals } = activity.functions.get(one.functionName) ?? NOTHING_YET;
    const median = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)];
    return {
      ...{ name: nameOf(one.functionName), runtime: one.runtime, timeoutSeconds: one.timeoutSeconds },
      ...{ memoryMegabytes: one.memoryMegabytes, ...totals },
      ...(median !== undefined && { medianMillis: median }),
    };
  });
  return {
    ...{ region: app.region, accountId: app.accountId, apis: [...apis, ...httpApis], functions },
    tables: app.tables.map(({ tableName }) => tableName),
  };
}

const NOTHING_YET = { running: 0, invocations: 0, errors: 0, cold: 0, durations: [] };

function pathOf({ path }: WebSocketApi | HttpApi): string {
  return path.replace(/\/((Api\/)?Resource|Default)$/, '');
}

function targetOf(integration: Integration, nameOf: (functionName: string) => string): string {
  if ('functionName' in integration) return nameOf(integration.functionName);
  if (integration.type === 'AWS') return integration.service;
  return integration.type === 'NOT_RUN' ? 'not run' : integration.type;
}
