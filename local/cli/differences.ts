/** Describes the differences between two readings of an app, and which of them need a restart. */
import { lossLines } from '../assembly/losses';
import type { App, LambdaFunction, WebSocketApi } from '../assembly/model';

export interface Difference {
  text: string;
  /** The subject. For code alone, the message is shorter. */
  kind: 'code' | 'other' | 'needs restart';
}

export function differences(earlier: App, later: App): Difference[] {
  return [
    ...ofHome(earlier, later),
    ...ofAll(earlier.apis, later.apis, 'API', ({ apiId }) => apiId, ofApi),
    ...ofAll(
      earlier.httpApis,
      later.httpApis,
      'HTTP API',
      ({ apiId }) => apiId,
      changed('routes or settings'),
    ),
    ...ofAll(earlier.functions, later.functions, 'function', ({ functionName }) => functionName, ofFunction),
    ...ofAll(earlier.tables, later.tables, 'table', ({ tableName }) => tableName, ofTable),
    ...ofBuckets(earlier.buckets, later.buckets),
    ...ofAll(earlier.roles, later.roles, 'role', ({ roleArn }) => roleArn, changed('permissions')),
    ...ofResourcePolicies(earlier, later),
    ...ofAll(earlier.storedParameters, later.storedParameters, 'parameter', ({ name }) => name, ofValue),
    ...ofAll(earlier.secrets, later.secrets, 'secret', ({ arn }) => arn, ofValue),
    ...ofAll(earlier.schedules, later.schedules, 'schedule', ({ arn }) => arn, changed('times or targets')),
    ...ofAll(earlier.queues, later.queues, 'queue', ({ queueArn }) => queueArn, changed('settings')),
    ...ofAll(earlier.topics, later.topics, 'topic', ({ topicArn }) => topicArn, changed('subscriptions')),
    ...ofAll(earlier.eventBuses, later.eventBuses, 'event bus', ({ busArn }) => busArn, changed('rules')),
    ...ofAll(
      ...([earlier.eventSources, later.eventSources, 'event source mapping'] as const),
      ({ mappingId }) => mappingId,
      changed('settings'),
    ),
    ...ofLosses(earlier, later),
  ];
}

/** IDs and ARNs contain these two. */
function ofHome(earlier: App, later: App): Difference[] {
  if (earlier.region === later.region && earlier.accountId === later.accountId) return [];
  return [needsRestart(`the app is now in ${later.region} of account ${later.accountId}`)];
}

/** What was added or removed, and what `compare` finds in the rest. */
function ofAll<T extends { path: string }>(
  earlier: T[],
  later: T[],
  kind: string,
  idOf: (item: T) => string,
  compare: (earlier: T, later: T) => Difference[],
): Difference[] {
  const before = new Map(earlier.map((item) => [idOf(item), item]));
  const after = new Set(later.map(idOf));
  const gone = earlier.filter((item) => !after.has(idOf(item)));
  return [
    ...later.flatMap((item) => {
      const old = before.get(idOf(item));
      return old ? compare(old, item) : [other(`new ${kind} ${shortPath(item.path)}`)];
    }),
    ...gone.map((item) => other(`removed ${kind} ${shortPath(item.path)}`)),
  ];
}

function ofApi(earlier: WebSocketApi, later: WebSocketApi): Difference[] {
  const before = new Map(earlier.routes.map((route) => [route.routeKey, route]));
  const after = new Set(later.routes.map(({ routeKey }) => routeKey));
  const changes = later.routes.flatMap((route) => {
    const old = before.get(route.routeKey);
    if (!old) return [`new route ${route.routeKey}`];
    return isSame(old, route) ? [] : [`route ${route.routeKey}`];
  });
  for (const { routeKey } of earlier.routes) {
    if (!after.has(routeKey)) changes.push(`removed route ${routeKey}`);
  }
  if (earlier.routeSelectionExpression !== later.routeSelectionExpression) changes.push('route selection');
  if (!isSame(earlier.stages, later.stages)) changes.push('stages');
  const domainsOf = ({ customDomains, isExecuteApiDisabled }: WebSocketApi) => [
    customDomains,
    isExecuteApiDisabled,
  ];
  if (!isSame(domainsOf(earlier), domainsOf(later))) changes.push('custom domains');
  return named(later.path, changes);
}

function ofFunction(earlier: LambdaFunction, later: LambdaFunction): Difference[] {
  const { codeDirectory, ...settings } = later;
  if (isSame({ ...earlier, codeDirectory }, later)) {
    if (earlier.codeDirectory === codeDirectory) return [];
    return [{ text: `${shortPath(later.path)}: code`, kind: 'code' }];
  }
  const changes = Object.entries(settings).flatMap(([name, value]) =>
    isSame(value, earlier[name as keyof LambdaFunction]) ? [] : [FUNCTION_SETTINGS[name] ?? name],
  );
  if (earlier.codeDirectory !== codeDirectory) changes.push('code');
  return named(later.path, changes);
}

const FUNCTION_SETTINGS: Record<string, string> = { timeoutSeconds: 'timeout', memoryMegabytes: 'memory' };

function ofTable(earlier: App['tables'][number], later: App['tables'][number]): Difference[] {
  if (!isSame(earlier.createTable, later.createTable)) {
    return [needsRestart(`${shortPath(later.path)}: the table's keys, indexes or settings`)];
  }
  return earlier.ttlAttribute === later.ttlAttribute ? [] : named(later.path, ['time to live']);
}

/** Their folders are chosen and watched at the start. */
function ofBuckets(earlier: App['buckets'], later: App['buckets']): Difference[] {
  const changed = later.filter((bucket) => !earlier.some((old) => isSame(old, bucket)));
  const names = new Set(later.map(({ bucketName }) => bucketName));
  const gone = earlier.filter(({ bucketName }) => !names.has(bucketName));
  return [...changed, ...gone].map(({ path }) =>
    needsRestart(`${shortPath(path)}: the bucket or its notifications`),
  );
}

/** Describes changes in words that fit all of a kind. */
function changed<Item extends { path: string }>(what: string): (earlier: Item, later: Item) => Difference[] {
  return (earlier, later) => (isSame(earlier, later) ? [] : named(later.path, [what]));
}

function ofResourcePolicies(earlier: App, later: App): Difference[] {
  return isSame(earlier.resourcePolicies, later.resourcePolicies)
    ? []
    : [other('policies of queues, topics, buckets or functions')];
}

/** New failures, with their reason and remedy. */
function ofLosses(earlier: App, later: App): Difference[] {
  const known = new Set(lossLines(earlier.notRun));
  return lossLines(later.notRun)
    .filter((line) => !known.has(line))
    .map((line) => other(line.trim()));
}

function ofValue<T extends { path: string }>(earlier: T, later: T): Difference[] {
  return isSame(earlier, later) ? [] : named(later.path, ['value']);
}

function named(path: string, changes: string[]): Difference[] {
  return changes.length === 0 ? [] : [other(`${shortPath(path)}: ${changes.join(', ')}`)];
}

function other(text: string): Difference {
  return { text, kind: 'other' };
}

function needsRestart(text: string): Difference {
  return { text, kind: 'needs restart' };
}

function isSame(one: unknown, another: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(another);
}

/** Readable construct paths, without the resource at their ends. */
function shortPath(path: string): string {
  return path.replace(/\/(Resource|Default)$/, '');
}
