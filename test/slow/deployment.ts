/** This repository's app, deployed by the CDK's command line to ministack: its outputs, functions and roles. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FunctionConfiguration, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { grantsOf, type PolicyDocument } from './grants';
import { ACCOUNT, type Ministack, REGION } from './ministack';

const ROOT = join(__dirname, '../..');
const CDK = join(ROOT, 'node_modules/.bin/cdk');
const CDK_MILLISECONDS = 60_000;
const STACK = 'SharedConnection';

/** A function's place in the app: its construct, and its exported handler. */
export type Place = `${'Chat' | 'Notifications'} ${'routes' | 'server'}` | 'Incoming handler';

export interface DeployedFunction {
  functionName: string;
  roleName: string;
}

export class Deployment {
  private constructor(
    readonly ministack: Ministack,
    /** The outputs of the stack, by their names. */
    private readonly outputs: [name: string, value: string][],
    private readonly functions: FunctionConfiguration[],
  ) {}

  /** @param context passed to the CDK's command line. @default none */
  static async to(ministack: Ministack, context: Record<string, string> = {}): Promise<Deployment> {
    const given = Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
    await cdk(ministack, 'synth', '--quiet', '--output', assemblyDirectory(ministack), ...given);
    await bootstrap(ministack);
    expectPlainHttp(ministack);
    const outputs = Object.entries((await deployWithOutputs(ministack))[STACK] ?? {});
    return new Deployment(ministack, outputs, await deployedFunctions(ministack));
  }

  get incomingBucket(): string {
    return this.#output(/^IncomingBucket$/);
  }

  get deadLetterQueue(): string {
    return this.#output(/DeadLetterQueue/);
  }

  /** Of the service with this id in the app. */
  tableName(id: string): string {
    return this.#output(new RegExp(`^${id}Table$`));
  }

  /** Of the service with this id in the app: `wss://{apiId}.execute-api.{region}.amazonaws.com/{stage}`. */
  url(id: string): URL {
    return new URL(this.#output(new RegExp(`^${id}Url`)));
  }

  /** Where a client on this machine connects, and the header that tells ministack the API. */
  address(id: string): { url: string; headers: { Host: string } } {
    const { host, pathname } = this.url(id);
    return { url: `ws://127.0.0.1:${this.ministack.port}${pathname}`, headers: { Host: host } };
  }

  /** Deploys again, and resolves to the CDK's output. */
  again(): Promise<string> {
    return deploy(this.ministack);
  }

  /** @throws Error if there is none */
  function(place: Place): DeployedFunction {
    const { construct, Handler } = parse(place);
    const found = this.functions.find(
      (deployed) =>
        deployed.Handler === Handler && deployed.FunctionName?.startsWith(`${STACK}-${construct}`),
    );
    if (!found?.FunctionName || !found.Role) throw new Error(`No function ${place} was deployed.`);
    return { functionName: found.FunctionName, roleName: found.Role.split('/').at(-1) as string };
  }

  /** The permissions of a function in the synthesized template, as `grantsOf` names them. Sorted. */
  grants(place: Place): string[] {
    const { construct, Handler } = parse(place);
    const resources = Object.entries(this.#template().Resources);
    const ofPlace = resources.find(
      ([id, { Properties }]) => id.startsWith(construct) && Properties?.Handler === Handler,
    );
    // { "Fn::GetAtt": [role, "Arn"] }
    const [, role] = /"Fn::GetAtt":\["(\w+)"/.exec(JSON.stringify(ofPlace?.[1].Properties?.Role)) ?? [];
    if (role === undefined) throw new Error(`The template has no role for the function ${place}.`);
    return resources
      .filter(([, { Properties }]) => JSON.stringify(Properties?.Roles ?? []).includes(`"${role}"`))
      .flatMap(([, { Properties }]) => grantsOf(Properties?.PolicyDocument as PolicyDocument))
      .sort();
  }

  #output(name: RegExp): string {
    const found = this.outputs.find(([key]) => name.test(key));
    if (!found) throw new Error(`The stack has no output ${name}.`);
    return found[1];
  }

  #template(): { Resources: Record<string, { Properties?: Record<string, unknown> }> } {
    return JSON.parse(readFileSync(templateFile(this.ministack), 'utf8'));
  }
}

/** Deploys an assembly in `cdk.out` of ministack's folder. Resolves to its outputs, by stack and name. */
export async function deployAssembly(ministack: Ministack): Promise<Outputs> {
  await bootstrap(ministack);
  return deployWithOutputs(ministack);
}

type Outputs = Record<string, Record<string, string>>;

async function bootstrap(ministack: Ministack): Promise<void> {
  await cdk(ministack, 'bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', assemblyDirectory(ministack));
  await allowPlainHttp(ministack);
}

async function deployWithOutputs(ministack: Ministack): Promise<Outputs> {
  const outputsFile = join(ministack.directory, 'outputs.json');
  await deploy(ministack, '--outputs-file', outputsFile);
  return JSON.parse(readFileSync(outputsFile, 'utf8'));
}

/** Deploys what was synthesized. Resolves to the CDK's output. */
function deploy(ministack: Ministack, ...options: string[]): Promise<string> {
  const app = ['--app', assemblyDirectory(ministack)];
  return cdk(ministack, 'deploy', '--all', '--require-approval', 'never', ...app, ...options);
}

/** Resolves to the output. */
async function cdk(ministack: Ministack, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(CDK, [...args, '--no-notices', '--no-color'], {
    cwd: ROOT,
    env: { ...ministack.environment, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    timeout: CDK_MILLISECONDS,
  });
  return `${stdout}${stderr}`;
}

export function assemblyDirectory(ministack: Ministack): string {
  return join(ministack.directory, 'cdk.out');
}

function templateFile(ministack: Ministack): string {
  return join(assemblyDirectory(ministack), `${STACK}.template.json`);
}

/** The CDK's bucket for assets refuses requests without TLS, but requests to ministack have none. */
async function allowPlainHttp(ministack: Ministack): Promise<void> {
  await ministack.aws(
    's3api',
    'delete-bucket-policy',
    '--bucket',
    `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`,
  );
}

/**
 * The same applies to the app's bucket and queue. Statements that deny requests without TLS are changed to deny
 * requests with TLS.
 */
function expectPlainHttp(ministack: Ministack): void {
  const template = readFileSync(templateFile(ministack), 'utf8');
  const turned = template.replaceAll(/("aws:SecureTransport":\s*)"false"/g, '$1"true"');
  writeFileSync(templateFile(ministack), turned);
}

async function deployedFunctions(ministack: Ministack): Promise<FunctionConfiguration[]> {
  const client = new LambdaClient(ministack.client);
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  client.destroy();
  return Functions;
}

function parse(place: Place): { construct: string; Handler: string } {
  const [construct = '', handler = ''] = place.split(' ');
  return { construct, Handler: `index.${handler}` };
}
