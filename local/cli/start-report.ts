/** What `start` prints once the app runs, for people and for programs. */
import { resolve } from 'node:path';
import { lossLines } from '../assembly/losses';
import type { App } from '../assembly/model';
import type { Faults } from '../faults/faults';
import type { Runtime } from '../runtime';
import { banner, consoleUrl } from './banner';
import { awsExports, bucketExports, tableExports } from './exports';
import type { SessionOptions } from './session-options';

export interface StartFacts {
  hasPages: boolean;
  faults: Faults;
}

/** The `ready` line of the JSON log. */
export function readyFacts(app: App, runtime: Runtime, iam: boolean) {
  return {
    url: runtime.url,
    console: consoleUrl(runtime),
    iam,
    webSockets: app.apis.flatMap(({ apiId, stages }) =>
      stages.map(({ stageName }) => runtime.webSocketUrl(stageName, apiId)),
    ),
    notRun: lossLines(app.notRun).map((line) => line.trim()),
    exports: { ...awsExports(app, runtime), ...tableExports(app), ...bucketExports(app, runtime) },
  };
}

/** The banner, and whatever differs from AWS because of the options. */
export function startTexts(
  app: App,
  runtime: Runtime,
  options: SessionOptions,
  { hasPages, faults }: StartFacts,
): string[] {
  const texts = [banner(app, runtime, { hasPages, isVerbose: options.verbose })];
  if (app.tables.length > 0) texts.push(whereTablesAre(options));
  if (!options.iam) texts.push(IAM_IS_OFF);
  if (!options.limits) texts.push(LIMITS_ARE_OFF);
  if (faults.list().length > 0) texts.push(faults.describe());
  if (options.timeScale > 1) {
    texts.push(`Time passes ${options.timeScale} times as fast, except for functions`);
  }
  return texts;
}

const IAM_IS_OFF =
  'IAM is off (--no-iam): signatures are not verified and functions may do everything; what works here may fail on AWS';
const LIMITS_ARE_OFF =
  "AWS's limits for frames and messages are off (--no-limits): what works here may fail on AWS";

function whereTablesAre({ data, dynamodb }: SessionOptions): string {
  if (dynamodb !== undefined) return `Tables are in ${dynamodb}`;
  if (data !== undefined) return `Tables are kept in ${resolve(data)}`;
  return 'Tables are in memory and are lost when the runtime stops; keep them with --data DIR';
}
