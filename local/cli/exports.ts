/** The variables to export so that the AWS CLI, the SDKs and other processes work with the app on this machine. */
import type { App } from '../assembly/model';
import type { Runtime } from '../runtime';

/** The endpoint and the credentials. Version 1 of the AWS CLI reads the region from `AWS_DEFAULT_REGION` only. */
export function awsExports(app: App, runtime: Runtime): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: runtime.url,
    AWS_REGION: app.region,
    AWS_DEFAULT_REGION: app.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

/**
 * The variables that hold table names: those of the app's functions, unless two functions use one name for different
 * tables, and those from outputs: `ChatTable` becomes `CHAT_TABLE`.
 */
export function tableExports(app: App): Record<string, string> {
  return variablesFor(
    app.tables.map(({ tableName }) => tableName),
    [...functionVariables(app), ...outputVariables(app)],
  );
}

/** The variables that hold the names of buckets with folders. */
export function bucketExports(app: App, { bucketDirectories }: Runtime): Record<string, string> {
  return variablesFor(Object.keys(bucketDirectories), [...functionVariables(app), ...outputVariables(app)]);
}

/**
 * The variables that hold topics, and those that hold queues, with local URLs, because the SDK for JavaScript sends
 * requests to a queue's URL.
 */
export function messagingExports(app: App, runtime: Runtime): Record<string, string> {
  const onAws = app.queues.map(({ queueName }) => `/${app.accountId}/${queueName}`);
  const paths = functionVariables(app).map(([name, value]): Variable => [name, withoutQueueHost(value)]);
  const queues = Object.entries(variablesFor(onAws, paths)).map(
    ([name, path]): Variable => [name, `${runtime.url}${path}`],
  );
  const topics = variablesFor(
    app.topics.map(({ topicArn }) => topicArn),
    functionVariables(app),
  );
  return { ...Object.fromEntries(queues), ...topics };
}

function withoutQueueHost(value: string): string {
  return value.replace(/^https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=\/)/, '');
}

type Variable = [name: string, value: string];

function functionVariables({ functions }: App): Variable[] {
  return functions.flatMap(({ environment }) => Object.entries(environment));
}

function outputVariables({ outputs }: App): Variable[] {
  return outputs.map(({ name, value }): Variable => [variableOf(name), value]);
}

/** Only variables whose value is one of the names. */
function variablesFor(names: string[], variables: Variable[]): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of variables) values.set(name, (values.get(name) ?? new Set()).add(value));
  return Object.fromEntries(
    [...values].flatMap(([name, [value = '', ...others]]) =>
      names.includes(value) && others.length === 0 ? [[name, value]] : [],
    ),
  );
}

function variableOf(outputName: string): string {
  return outputName.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
}

/** One line to copy for AWS, and one for the app's own variables, if any. */
export function exportLines(app: App, runtime: Runtime): string[] {
  return [
    awsExports(app, runtime),
    { ...tableExports(app), ...bucketExports(app, runtime), ...messagingExports(app, runtime) },
  ]
    .map((variables) => Object.entries(variables).map(([name, value]) => `${name}=${value}`))
    .filter((assignments) => assignments.length > 0)
    .map((assignments) => `export ${assignments.join(' ')}`);
}
