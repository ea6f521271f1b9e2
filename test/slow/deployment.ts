/** This repository's app, deployed by the CDK's command line onto ministack: what it printed, and its functions and roles. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { grantsOf, type PolicyDocument } from './grants';
import { ACCOUNT, type Ministack, REGION } from './ministack';

const ROOT = join(__dirname, '../..');
const CDK = join(ROOT, 'node_modules/.bin/cdk');
const CDK_MILLISECONDS = 60_000;
const STACK = 'SharedConnection';
/** The one whose functions are looked at. */
const SERVICE = 'Chat';

/** By the handler that it exports. */
export type HandlerName = 'routes' | 'server';

export interface DeployedFunction {
  functionName: string;
  roleName: string;
}

export class Deployment {
  private constructor(
    readonly ministack: Ministack,
    /** The outputs of the stack, by their names. */
    private readonly outputs: [name: string, value: string][],
    /** The chat's. */
    readonly functions: Record<HandlerName, DeployedFunction>,
  ) {}

  static async to(ministack: Ministack): Promise<Deployment> {
    await cdk(ministack, 'bootstrap', `aws://${ACCOUNT}/${REGION}`);
    await allowPlainHttp(ministack);
    await cdk(ministack, 'synth', '--quiet', '--output', assemblyDirectory(ministack));
    expectPlainHttp(ministack);
    const outputsFile = join(ministack.directory, 'outputs.json');
    await deploy(ministack, '--outputs-file', outputsFile);
    const outputs = Object.entries<string>(JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK]);
    return new Deployment(ministack, outputs, await deployedFunctions(ministack));
  }

  get incomingBucket(): string {
    return this.#output(/^IncomingBucket$/);
  }

  get tableName(): string {
    return this.#output(/^ConnectionTable$/);
  }

  /** Of the service with this id in the app: `wss://{apiId}.execute-api.{region}.amazonaws.com/{stage}`. */
  url(id: string): URL {
    return new URL(this.#output(new RegExp(`^${id}Url`)));
  }

  /** Where a client on this machine connects to, and the header by which ministack knows what is meant. */
  address(id: string): { url: string; headers: { Host: string } } {
    const { host, pathname } = this.url(id);
    return { url: `ws://127.0.0.1:${this.ministack.port}${pathname}`, headers: { Host: host } };
  }

  /** Deploys once more; resolves with what the CDK printed. */
  again(): Promise<string> {
    return deploy(this.ministack);
  }

  /** What a function may do according to the synthesized template, as `grantsOf` names it. */
  grants(handler: HandlerName): string[] {
    const resources = Object.entries(this.#template().Resources);
    const ofHandler = resources.find(
      ([id, { Properties }]) => id.startsWith(SERVICE) && Properties?.Handler === `index.${handler}`,
    );
    // { "Fn::GetAtt": [role, "Arn"] }
    const [, role] = /"Fn::GetAtt":\["(\w+)"/.exec(JSON.stringify(ofHandler?.[1].Properties?.Role)) ?? [];
    if (role === undefined)
      throw new Error(`The template has no role for a function with the handler ${handler}.`);
    return resources
      .filter(([, { Properties }]) => JSON.stringify(Properties?.Roles ?? []).includes(`"${role}"`))
      .flatMap(([, { Properties }]) => grantsOf(Properties?.PolicyDocument as PolicyDocument));
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

/** Deploys what was synthesized; resolves with what the CDK printed. */
function deploy(ministack: Ministack, ...options: string[]): Promise<string> {
  const app = ['--app', assemblyDirectory(ministack)];
  return cdk(ministack, 'deploy', '--all', '--require-approval', 'never', ...app, ...options);
}

/** Resolves with what it printed. */
async function cdk(ministack: Ministack, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(CDK, [...args, '--no-notices', '--no-color'], {
    cwd: ROOT,
    env: { ...ministack.environment, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    timeout: CDK_MILLISECONDS,
  });
  return `${stdout}${stderr}`;
}

function assemblyDirectory(ministack: Ministack): string {
  return join(ministack.directory, 'cdk.out');
}

function templateFile(ministack: Ministack): string {
  return join(assemblyDirectory(ministack), `${STACK}.template.json`);
}

/** The CDK's bucket for assets refuses requests without TLS, which ministack is not reached by. */
async function allowPlainHttp(ministack: Ministack): Promise<void> {
  await ministack.aws(
    's3api',
    'delete-bucket-policy',
    '--bucket',
    `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`,
  );
}

/** So do the app's own bucket and queue: what denies requests without TLS denies those with it instead. */
function expectPlainHttp(ministack: Ministack): void {
  const template = readFileSync(templateFile(ministack), 'utf8');
  const turned = template.replaceAll(/("aws:SecureTransport":\s*)"false"/g, '$1"true"');
  writeFileSync(templateFile(ministack), turned);
}

async function deployedFunctions(ministack: Ministack): Promise<Record<HandlerName, DeployedFunction>> {
  const client = new LambdaClient(ministack.client);
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  client.destroy();
  const deployed = (handler: HandlerName) => {
    const found = Functions.find(
      ({ Handler, FunctionName }) =>
        Handler === `index.${handler}` && FunctionName?.startsWith(`${STACK}-${SERVICE}`),
    );
    if (!found?.FunctionName || !found.Role)
      throw new Error(`No function with the handler ${handler} was deployed.`);
    return { functionName: found.FunctionName, roleName: found.Role.split('/').at(-1) as string };
  };
  return { routes: deployed('routes'), server: deployed('server') };
}
