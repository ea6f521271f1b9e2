/** What people need once the runtime is up: where to connect, what to export, and what is not there. */
import { lossLines, unknownValueLines } from '../assembly/losses';
import type { App, BucketNotification, OtherResource, ScheduleTiming } from '../assembly/model';
import { functionNameIn } from '../assembly/resource-values';
import { serviceOf } from '../destinations';
import { namesForPeople } from '../function-names';
import type { Runtime } from '../runtime';
import { exportLines } from './exports';

export function banner(app: App, runtime: Runtime, hasPages: boolean): string {
  const blocks = [
    addresses(runtime),
    access(app, runtime, hasPages),
    outputs(app, runtime),
    schedules(app),
    messages(app, runtime),
    buckets(app, runtime),
    unknownValues(app),
    notRun([...app.notRun, ...bucketsWithoutFolder(app, runtime)]),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** One line for each stage of each API, then how to try the first one. */
function addresses(runtime: Runtime): string[] {
  const rows = runtime.apis.flatMap((api) =>
    api.stages.map((stage) => ({
      api: api.path.replace(/\/(Api\/)?Resource$/, ''),
      url: runtime.webSocketUrl(stage.stageName, api.apiId),
      routes: api.routes.map(({ routeKey }) => routeKey).join(' '),
    })),
  );
  const [nameWidth, urlWidth] = [
    Math.max(...rows.map(({ api }) => api.length)),
    Math.max(...rows.map(({ url }) => url.length)),
  ];
  const lines = rows.map(
    ({ api, url, routes }) => `${api.padEnd(nameWidth)}  ${url.padEnd(urlWidth)}  ${routes}`,
  );
  return [...lines, '', `Try it:  npx wscat -c ${rows[0]?.url}`];
}

function access(app: App, runtime: Runtime, hasPages: boolean): string[] {
  const pages = hasPages ? [`Pages:   ${runtime.url}/`] : [];
  return [...pages, 'For the AWS CLI and the SDKs:', ...exportLines(app, runtime).map((line) => `  ${line}`)];
}

/** Where an output has an API's address on AWS, the one on this machine is what people need. */
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

/** Which function, queue or topic an ARN means, as people know it. */
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

/** What runs functions besides clients, and where messages go. */
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
  const nameOf = namesForPeople(app);
  const listener = ({ functionName, prefix, suffix }: BucketNotification) =>
    `    ${prefix}*${suffix} goes to ${nameOf(functionName)}`;
  const lines = app.buckets.flatMap(({ bucketName, notifications }) => {
    const directory = bucketDirectories[bucketName];
    return directory === undefined ? [] : [`  ${bucketName} is ${directory}`, ...notifications.map(listener)];
  });
  return lines.length === 0 ? [] : ['Buckets:', ...lines];
}

function bucketsWithoutFolder(app: App, { bucketDirectories }: Runtime): OtherResource[] {
  return app.buckets
    .filter(({ bucketName }) => bucketDirectories[bucketName] === undefined)
    .map(({ path, bucketName }) => ({
      type: 'AWS::S3::Bucket',
      path,
      reason: `no folder stands for it; --bucket ${bucketName}=DIR gives it one`,
    }));
}

function intervalText(millis: number): string {
  const minutes = millis / 60_000;
  return minutes === 1 ? 'minute' : `${minutes} minutes`;
}

function here(value: string, runtime: Runtime): string {
  let text = value.replace(/https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=\/\d{12}\/)/g, runtime.url);
  for (const { apiId, stages } of runtime.apis) {
    for (const { stageName } of stages) {
      const url = runtime.webSocketUrl(stageName, apiId);
      const onAws = new RegExp(
        `(wss|https)://${apiId}\\.execute-api\\.[^/]+/${stageName}(?![A-Za-z0-9_-])`,
        'g',
      );
      text = text.replace(onAws, (_, scheme: string) =>
        scheme === 'wss' ? url : url.replace(/^ws:/, 'http:'),
      );
    }
  }
  return text;
}

function unknownValues(app: App): string[] {
  const lines = unknownValueLines(app.unknownValues);
  return lines.length === 0 ? [] : ['Placeholders for values that only AWS knows:', ...lines];
}

/** Reasons that differ get a line each; the rest is counted by type. */
function notRun(resources: OtherResource[]): string[] {
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const { type, path, reason, cost } of resources) {
    if (cost !== undefined) continue;
    if (reason === undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
    else lines.push(`  ${reason.startsWith(path) ? reason : `${path}: ${type}: ${reason}`}`);
  }
  const counted = [...counts].map(([type, count]) => (count === 1 ? type : `${count} ${type}`)).join(', ');
  const losses = lossLines(resources);
  if (counted === '' && lines.length + losses.length === 0) return [];
  return [`Not run or not enforced here: ${counted}`.trimEnd(), ...losses, ...lines];
}
