/** The APIs of `app`: on a runtime in this process, or where they were deployed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sdkIdentity } from '../../lib/management-api/identity';
import type { Credentials } from '../../lib/management-api/signature';
import { readAssembly } from '../../local/assembly/read-assembly';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { startRuntime } from '../../local/runtime';
import { API_NAMES, type ApiName, type Apis } from './case';
import { Endpoint } from './client';

const REGION = 'us-east-1';

export interface Target {
  /** The available APIs. Cases that need others are skipped. */
  apis: Partial<Apis>;
  stop(): Promise<void>;
}

/** Runs the app on a runtime of its own. */
export async function localTarget(): Promise<Target> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  const source = findApp('test/conformance/app', join(__dirname, '../..'));
  if (source.kind !== 'command') throw new Error('cdk.json names no command');
  await synthesize({ ...source.synthesis, outputDirectory: directory });
  const app = await readAssembly(directory);
  const runtime = await startRuntime({
    ...{ app, port: 0, log: silentLog, functionLog: silentFunctionLog },
  });
  const outputs = Object.fromEntries(app.outputs.map(({ name, value }) => [name, value]));
  return {
    apis: apisOf(outputs, {
      via: new URL(runtime.url),
      region: REGION,
      credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
    }),
    async stop() {
      await runtime.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Access {
  via?: URL;
  region: string;
  credentials(): Promise<Credentials>;
}

/** From the outputs of the deployed stack: `MainUrl`, `BareUrl`, … */
export function apisOf(outputs: Record<string, string>, { via, ...identity }: Access): Partial<Apis> {
  const apis: Partial<Apis> = {};
  for (const name of API_NAMES) {
    const url = outputs[outputName(name)];
    if (url !== undefined) apis[name] = endpointOf(url, url.replace(/^ws/, 'http'), identity, via);
  }
  return apis;
}

/** Reads the file that `cdk deploy --outputs-file FILE` wrote, and uses the credentials that the AWS SDK finds. */
export async function deployedTarget(file: string): Promise<Target> {
  const stacks: Record<string, Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
  const { credentials, region } = sdkIdentity();
  const apis = apisOf(Object.assign({}, ...Object.values(stacks)), { region: await region(), credentials });
  return { apis, stop: async () => {} };
}

/** The main API alone. */
export async function endpointTarget(endpoint: string, management: string): Promise<Target> {
  const { credentials, region } = sdkIdentity();
  const main = endpointOf(endpoint, management, { region: await region(), credentials });
  return { apis: { main }, stop: async () => {} };
}

function endpointOf(url: string, management: string, identity: Omit<Access, 'via'>, via?: URL): Endpoint {
  return new Endpoint(new URL(url), new URL(management), identity, via);
}

function outputName(api: ApiName): string {
  return `${api.charAt(0).toUpperCase()}${api.slice(1)}Url`;
}
