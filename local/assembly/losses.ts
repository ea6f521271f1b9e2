/** What fails locally because the runtime does not support a part of the app, and whether anything else is left. */
import { UserError } from '../user-error';
import type {
  App,
  HttpApi,
  HttpRoute,
  Integration,
  NotRun,
  OtherResource,
  Route,
  UnknownValue,
  WebSocketApi,
} from './model';

/** One entry for each part that is not run, with all routes that need it. */
export function brokenRoutes(apis: WebSocketApi[]): OtherResource[] {
  const parts = new Map<string, { part: NotRun; routes: BrokenRoute[] }>();
  for (const api of apis) {
    for (const route of api.routes) {
      for (const { part, where } of brokenParts(route, api)) {
        const key = `${part.path}\n${part.reason}`;
        const found = parts.get(key) ?? { part, routes: [] };
        parts.set(key, found);
        found.routes.push({ routeKey: route.routeKey, where });
      }
    }
  }
  return [...parts.values()].map(({ part: { path, reason }, routes }) => ({
    type: 'route',
    path,
    reason,
    cost: costOf(routes),
  }));
}

/** Like `routeLosses`, for plain HTTP requests. */
export function brokenHttpRoutes(apis: HttpApi[]): OtherResource[] {
  const parts = new Map<string, { part: NotRun; routes: Set<string> }>();
  for (const api of apis) {
    for (const { method, resource, authorizer, integration, integrationsByStage = {} } of api.routes) {
      for (const part of [authorizer, integration, ...Object.values(integrationsByStage)]) {
        if (part?.type !== 'NOT_RUN') continue;
        const key = `${part.path}\n${part.reason}`;
        const found = parts.get(key) ?? { part, routes: new Set() };
        parts.set(key, found);
        const where = shortPath(api.path);
        found.routes.add(
          resource === '$default' ? `every request to ${where}` : `${method} ${resource} of ${where}`,
        );
      }
    }
  }
  return [...parts.values()].map(({ part: { path, reason }, routes }) => ({
    type: 'route',
    path,
    reason,
    cost: `an error for ${[...routes].join(', ')}`,
  }));
}

interface BrokenRoute {
  routeKey: string;
  /** The API, and the stage if only one of several is affected. */
  where: string;
}

/** What clients get, as on AWS when the integration of these routes fails. */
function costOf(routes: BrokenRoute[]): string {
  const places = [...new Set(routes.map(({ where }) => where))];
  return places
    .flatMap((where) => {
      const keys = routes.filter((route) => route.where === where).map(({ routeKey }) => routeKey);
      const messages = keys.filter((key) => key !== '$connect' && key !== '$disconnect');
      return [
        ...(keys.includes('$connect') ? [`every handshake at ${where} gets 500`] : []),
        ...(keys.includes('$disconnect') ? [`$disconnect never runs at ${where}`] : []),
        ...(messages.length > 0 ? [`Internal server error for ${messages.join(', ')} at ${where}`] : []),
      ];
    })
    .join('; ');
}

type RunningParts = Pick<
  App,
  'apis' | 'httpApis' | 'schedules' | 'buckets' | 'eventSources' | 'topics' | 'eventBuses'
>;

/**
 * Types of unsupported parts that affect no route, but may be the reason why nothing is left to run: a queue's
 * function, or the CDK's version.
 */
const SAID_OF_NOTHING_LEFT = new Set(['AWS::Lambda::Function', 'CDK 1']);

/**
 * @throws {UserError} if no route, HTTP endpoint, schedule, bucket, queue, topic or event of the app would run
 * anything; lists all reasons
 */
export function refuseNothingLeft(app: RunningParts & Pick<App, 'notRun'>): void {
  const isLeft =
    app.apis.some(isOfUse) ||
    app.httpApis.some(({ routes }) => routes.some(isHttpRouteOfUse)) ||
    app.schedules.length > 0 ||
    app.eventSources.length > 0 ||
    app.topics.some(({ subscriptions }) => subscriptions.length > 0) ||
    app.eventBuses.some(({ rules }) => rules.length > 0) ||
    app.buckets.some(({ notifications }) => notifications.length > 0);
  if (isLeft) return;
  const others = app.notRun
    .filter(({ type, cost }) => cost === undefined && SAID_OF_NOTHING_LEFT.has(type))
    .map((one) => ({ ...one, cost: '' }));
  throw new UserError(
    `No part of this app can run on this machine:\n${lossLines([...app.notRun, ...others]).join('\n')}`,
  );
}

/** @throws {UserError} if a part of the app is not run, or uses an unknown value */
export function refuseLosses({ notRun, unknownValues }: Pick<App, 'notRun' | 'unknownValues'>): void {
  const lines = [...lossLines(notRun), ...unknownValueLines(unknownValues)];
  if (lines.length === 0) return;
  throw new UserError(
    `--strict refuses this app, because parts of it cannot run on this machine:\n${lines.join('\n')}`,
  );
}

/** One line for each reason: what fails, why, and the remedy. */
export function lossLines(notRun: OtherResource[]): string[] {
  const byReason = new Map<string, OtherResource[]>();
  for (const loss of notRun) {
    if (loss.cost === undefined) continue;
    const key = loss.reason === undefined ? loss.path : withoutSubject(loss.reason, loss.path);
    byReason.set(key, [...(byReason.get(key) ?? []), loss]);
  }
  return [...byReason.entries()].flatMap(([reason, [first, ...others]]) => {
    if (!first) return [];
    const cost = [...new Set([first, ...others].map((loss) => loss.cost))].join('; ');
    const group = { path: `${shortPath(first.path)} and ${others.length} more`, reason };
    return [`  ${lossText({ ...first, cost, ...(others.length > 0 && group) })}`];
  });
}

/** The errors of resources begin with their path and type. */
function withoutSubject(reason: string, path: string): string {
  if (!reason.startsWith(path)) return reason;
  return reason
    .slice(path.length)
    .replace(/^ \([^)]*\)/, '')
    .replace(/^: /, '');
}

/** One line for each value that only AWS knows, with its users and the option that sets it. */
export function unknownValueLines(values: UnknownValue[]): string[] {
  return values.map(({ name, placeholder, users }) => {
    const where = users.length > 0 ? ` in ${users.join(', ')}` : '';
    return `  ${placeholder}${where}: set it with --parameter ${quoted(name)}=VALUE`;
  });
}

function quoted(name: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(name) ? name : `'${name}'`;
}

export function lossText({ path, reason = 'is not run', cost = '' }: OtherResource): string {
  const sentence = cost === '' ? '' : `${cost[0]?.toUpperCase()}${cost.slice(1)}. `;
  // Some reasons begin with their subject, or with a place in the template.
  const isNamed = reason.startsWith(path) || /^\S+\.template\.json: /.test(reason);
  const cause = isNamed ? reason : `${shortPath(path)}: ${reason}`;
  return `${sentence}${/[.…]$/.test(cause) ? cause : `${cause}.`}`;
}

function isOfUse(api: WebSocketApi): boolean {
  return api.stages.some(({ stageName }) => {
    const connect = api.routes.find(({ routeKey }) => routeKey === '$connect');
    const isOpen =
      !connect || (connect.authorizer?.type !== 'NOT_RUN' && isRun(integrationIn(stageName, connect)));
    return isOpen && api.routes.some((route) => isRun(integrationIn(stageName, route)));
  });
}

function isHttpRouteOfUse({ authorizer, integration }: HttpRoute): boolean {
  return authorizer?.type !== 'NOT_RUN' && integration.type !== 'NOT_RUN';
}

function isRun({ type }: Integration): boolean {
  return type !== 'NOT_RUN';
}

export function integrationIn(stageName: string, route: Route): Integration {
  return route.integrationsByStage?.[stageName] ?? route.integration;
}

function brokenParts(route: Route, api: WebSocketApi): { part: NotRun; where: string }[] {
  const ofApi = shortPath(api.path);
  if (route.authorizer?.type === 'NOT_RUN') return [{ part: route.authorizer, where: ofApi }];
  if (!route.integrationsByStage) {
    return route.integration.type === 'NOT_RUN' ? [{ part: route.integration, where: ofApi }] : [];
  }
  return api.stages.flatMap(({ stageName }) => {
    const part = integrationIn(stageName, route);
    return part.type === 'NOT_RUN' ? [{ part, where: `${ofApi} (stage ${stageName})` }] : [];
  });
}

function shortPath(path: string): string {
  return path.replace(/\/(Resource|Default)$/, '');
}
