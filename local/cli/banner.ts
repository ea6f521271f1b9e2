/**
 * The output of `start` once the runtime is ready, on one screen: addresses, variables to export, and unsupported
 * parts.
 */
import type { App, OtherResource } from '../assembly/model';
import type { Runtime } from '../runtime';
import { countDetails, details, shortPath } from './details';
import { exportLines } from './exports';
import { notRunLines } from './not-run';

export interface BannerOptions {
  hasPages: boolean;
  /** Whether to show everything that the app has, and everything that is not run. */
  isVerbose: boolean;
}

export function consoleUrl({ url }: Runtime): string {
  return `${url}/@local/console`;
}

export function banner(app: App, runtime: Runtime, { hasPages, isVerbose }: BannerOptions): string {
  const counted = countDetails(app);
  const blocks = [
    addresses(app, runtime, hasPages),
    [
      'For the AWS CLI, the SDKs and your own processes:',
      ...exportLines(app, runtime).map((line) => `  ${line}`),
    ],
    ...(isVerbose ? details(app, runtime) : []),
    [
      ...notRunLines([...app.notRun, ...bucketsWithoutFolder(app, runtime)], app, isVerbose),
      ...(isVerbose || counted === '' ? [] : [`${counted}: --verbose shows them`]),
    ],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** One line for each stage of each API, each custom domain, the pages, the console, and each bucket's folder. */
function addresses(app: App, runtime: Runtime, hasPages: boolean): string[] {
  const stages = runtime.apis.flatMap((api) => [
    ...api.stages.map(({ stageName }): [string, string] => [
      shortPath(api.path),
      runtime.webSocketUrl(stageName, api.apiId),
    ]),
    ...(api.customDomains ?? []).map(({ domainName, mappingKey }): [string, string] => {
      const path = [domainName, mappingKey].filter((part) => part !== '').join('/');
      return [`wss://${path}`, `${runtime.url.replace(/^http/, 'ws')}/${path}`];
    }),
  ]);
  const httpApis = runtime.httpApis.flatMap((api) =>
    api.stages.map(({ stageName }): [string, string] => [
      shortPath(api.path),
      `${runtime.httpUrl(api.apiId, stageName)}/`,
    ]),
  );
  const pages: [string, string][] = hasPages ? [['Pages', `${runtime.url}/`]] : [];
  const folders = app.buckets.flatMap(({ path, bucketName }): [string, string][] => {
    const directory = runtime.bucketDirectories[bucketName];
    return directory === undefined ? [] : [[shortPath(path), directory]];
  });
  const rows = [...stages, ...httpApis, ...pages, ['Console', consoleUrl(runtime)] as const, ...folders];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, address]) => `${name.padEnd(width)}  ${address}`);
}

function bucketsWithoutFolder(app: App, { bucketDirectories }: Runtime): OtherResource[] {
  return app.buckets
    .filter(({ bucketName }) => bucketDirectories[bucketName] === undefined)
    .map(({ path, bucketName }) => ({
      type: 'AWS::S3::Bucket',
      path,
      reason: `no folder; set one with --bucket ${bucketName}=DIR`,
    }));
}
