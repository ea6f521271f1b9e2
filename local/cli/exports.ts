/** What people export, so that the AWS CLI, the SDKs and processes of their own work with the app on this machine. */
import type { App } from '../assembly/model';
import type { Runtime } from '../runtime';

/** Where the services are, and who asks. Version 1 of the AWS CLI reads the region from `AWS_DEFAULT_REGION` only. */
export function awsExports(app: App, runtime: Runtime): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: runtime.url,
    AWS_REGION: app.region,
    AWS_DEFAULT_REGION: app.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

/** The variables by which the app's functions know its tables, unless two of them mean different tables by one name. */
export function tableExports({ functions, tables }: App): Record<string, string> {
  const tableNames = new Set(tables.map(({ tableName }) => tableName));
  const values = new Map<string, Set<string>>();
  for (const [name, value] of functions.flatMap(({ environment }) => Object.entries(environment))) {
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  return Object.fromEntries(
    [...values].flatMap(([name, [value = '', ...others]]) =>
      tableNames.has(value) && others.length === 0 ? [[name, value]] : [],
    ),
  );
}

/** A line to copy for AWS, and one for the app's own variables if there are any. */
export function exportLines(app: App, runtime: Runtime): string[] {
  return [awsExports(app, runtime), tableExports(app)]
    .map((variables) => Object.entries(variables).map(([name, value]) => `${name}=${value}`))
    .filter((assignments) => assignments.length > 0)
    .map((assignments) => `export ${assignments.join(' ')}`);
}
