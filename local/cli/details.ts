/** The details of an app for `--verbose`: routes, outputs, and what runs functions other than clients. */
import type { App, BucketNotification, HttpApi, ScheduleTiming } from '../assembly/model';
import { functionNameIn } from '../assembly/values/function-arn';
import { namesForPeople } from '../function-names';
import { serviceOf } from '../messaging/destinations';
import type { Runtime } from '../runtime';

/** Blocks of lines, each with a title. */
export function details(app: App, runtime: Runtime): string[][] {
  return [routes(app), outputs(app, runtime), schedules(app), messages(app, runtime), buckets(app, runtime)];
}

/** The number of each, in one line; empty if there are none. */
export function countDetails(app: App): string {
  const counts: [number, string][] = [
    [[...app.apis, ...app.httpApis].reduce((sum, { routes: { length } }) => sum + length, 0), 'route'],
    [app.outputs.length, 'output'],
    [app.schedules.length, 'schedule'],
    [app.queues.length, 'queue'],
    [app.topics.length, 'topic'],
  ];
  return counts
    .filter(([count]) => count > 0)
    .map(([count, thing]) => `${count} ${thing}${count === 1 ? '' : 's'}`)
    .join(', ');
}

function routes({ apis, httpApis }: App): string[] {
  const lines = apis.map(
    (api) => `  ${shortPath(api.path)}: ${api.routes.map(({ routeKey }) => routeKey).join(' ')}`,
  );
  const ofHttp = httpApis.map((api) => `  ${shortPath(api.path)}: ${httpRoutes(api)}`);
  return ['Routes:', ...lines, ...ofHttp];
}

/** Preflight routes are left out. */
function httpRoutes({ routes }: HttpApi): string {
  const shown = routes.filter(({ integration }) => integration.type !== 'MOCK');
  return shown
    .map(({ method, resource }) => (resource === '$default' ? resource : `${method} ${resource}`))
    .join(', ');
}

/** In outputs, replaces addresses on AWS by addresses on this machine. */
function outputs(app: App, runtime: Runtime): string[] {
  if (app.outputs.length === 0) return [];
  const lines = app.outputs.map(({ stack, name, value }) => `  ${stack}.${name} = ${here(value, runtime)}`);
  return ['Outputs:', ...lines];
}

function schedules(app: App): string[] {
  const lines = app.schedules.flatMap(({ timing, targets }) =>
    targets.map(({ arn }) => `  ${targetName(arn, app)} ${timingText(timing)}`),
  );
  return lines.length === 0 ? [] : ['Scheduled:', ...lines];
}

/** The readable name of a function, queue or topic. */
function targetName(arn: string, app: App): string {
  return serviceOf(arn) === 'lambda'
    ? namesForPeople(app)(functionNameIn(arn))
    : (arn.split(':').at(-1) ?? arn);
}

function timingText(timing: ScheduleTiming): string {
  switch (timing.kind) {
    case 'rate':
      return `every ${intervalText(timing.intervalMillis)}`;
    case 'cron':
      return `at cron(${timing.expression})${timing.timeZone === 'UTC' ? '' : ` in ${timing.timeZone}`}`;
    case 'at':
      return `at ${new Date(timing.at).toISOString()}`;
  }
}

/** What runs functions other than clients, and where messages go. */
function messages(app: App, runtime: Runtime): string[] {
  const queues = app.queues.map(({ queueName, queueArn }) => {
    const readers = app.eventSources.filter(({ sourceArn }) => sourceArn === queueArn);
    const names = readers.map(({ functionName }) => namesForPeople(app)(functionName));
    const url = `${runtime.url}/${app.accountId}/${queueName}`;
    return `  ${url}${names.length > 0 ? ` runs ${names.join(', ')}` : ''}`;
  });
  const topics = app.topics.map(({ topicArn, subscriptions }) => {
    const names = subscriptions.map(({ endpoint }) => targetName(endpoint, app));
    return `  ${topicArn}${names.length > 0 ? ` goes to ${names.join(', ')}` : ''}`;
  });
  return [
    ...(queues.length > 0 ? ['Queues:', ...queues] : []),
    ...(topics.length > 0 ? ['Topics:', ...topics] : []),
  ];
}

function buckets(app: App, { bucketDirectories }: Runtime): string[] {
  const listener = ({ targetArn, prefix, suffix }: BucketNotification) =>
    `    ${prefix}*${suffix} goes to ${targetName(targetArn, app)}`;
  const lines = app.buckets.flatMap(({ bucketName, notifications }) => {
    const directory = bucketDirectories[bucketName];
    return directory === undefined ? [] : [`  ${bucketName} is ${directory}`, ...notifications.map(listener)];
  });
  return lines.length === 0 ? [] : ['Buckets:', ...lines];
}

function intervalText(millis: number): string {
  const minutes = millis / 60_000;
  return minutes === 1 ? 'minute' : `${minutes} minutes`;
}

function here(value: string, runtime: Runtime): string {
  let text = value.replace(/https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=\/\d{12}\/)/g, runtime.url);
  for (const { apiId, stages, customDomains = [] } of runtime.apis) {
    for (const { stageName } of stages) {
      const onAws = `${apiId}\\.execute-api\\.[^/]+/${stageName}`;
      text = replaceAddress(text, onAws, runtime.webSocketUrl(stageName, apiId));
    }
    for (const { domainName, mappingKey } of customDomains) {
      const path = [domainName, mappingKey].filter((part) => part !== '').join('/');
      text = replaceAddress(
        text,
        path.replaceAll('.', '\\.'),
        `${runtime.url.replace(/^http/, 'ws')}/${path}`,
      );
    }
  }
  for (const { kind, apiId, stages } of runtime.httpApis) {
    for (const { stageName } of stages) {
      const host = kind === 'FUNCTION_URL' ? `${apiId}\\.lambda-url` : `${apiId}\\.execute-api`;
      const stage = stageName === '$default' ? '' : `/${stageName}(?![A-Za-z0-9_-])`;
      const onAws = new RegExp(`https://${host}\\.[^/]+${stage}`, 'g');
      text = text.replace(onAws, runtime.httpUrl(apiId, stageName));
    }
  }
  return text;
}

/** `url` replaces the address after `wss:`; its HTTP counterpart replaces the one after `https:`. */
function replaceAddress(text: string, address: string, url: string): string {
  return text.replace(new RegExp(`(wss|https)://${address}(?![A-Za-z0-9_-])`, 'g'), (_, scheme: string) =>
    scheme === 'wss' ? url : url.replace(/^ws:/, 'http:'),
  );
}

/** Readable construct paths, without the resource at their ends. */
export function shortPath(path: string): string {
  return path.replace(/\/((Api\/)?Resource|Default)$/, '');
}
