/** The command `describe`: what a synthesized app contains, in short tables. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import { Assembly } from '../assembly/assembly';
import { functionNameIn } from '../assembly/values/function-arn';
import { isObject, textAt } from '../assembly/values/json';
import type { Resource } from '../assembly/values/resource';
import { readGrants } from './grants';
import { Names, tolerant } from './names';

/** @throws {UserError} if the folder has no cloud assembly */
export function describe(directory: string): string {
  const assembly = Assembly.read(resolve(directory), { region: 'every' });
  const names = new Names(assembly);
  const tables = [
    table('APIs', ['API', 'stages', 'route', 'goes to'], apiRows(assembly, names)),
    table('Functions', ['function', 'handler', 'memory', 'timeout', 'code'], functionRows(assembly, names)),
    table('Grants', ['function', 'may', 'on', 'wildcard'], grantRows(assembly, names)),
  ].filter((text) => text !== '');
  return tables.length > 0 ? tables.join('\n') : 'This app has no API, no function and no grant.\n';
}

function apiRows(assembly: Assembly, names: Names): string[][] {
  return assembly.resources('AWS::ApiGatewayV2::Api').flatMap((api) => {
    const ofApi = (resource: Resource) =>
      tolerant(() => resource.text('ApiId')) === names.referenceOf(api) &&
      resource.stack.accountId === api.stack.accountId;
    const stages = assembly.resources('AWS::ApiGatewayV2::Stage').filter(ofApi);
    const routes = assembly.resources('AWS::ApiGatewayV2::Route').filter(ofApi);
    const kind = tolerant(() => api.text('ProtocolType')) === 'WEBSOCKET' ? '' : ' (HTTP)';
    const left = [
      `${names.short(api)}${kind}`,
      stages.map((stage) => tolerant(() => stage.text('StageName')) ?? '?').join(', ') || 'none',
    ];
    if (routes.length === 0) return [[...left, 'none', '']];
    return routes.map((route, index) => [
      ...(index === 0 ? left : ['', '']),
      tolerant(() => route.text('RouteKey')) ?? '?',
      target(route, assembly, names),
    ]);
  });
}

function target(route: Resource, assembly: Assembly, names: Names): string {
  const targetText = tolerant(() => route.text('Target')) ?? '';
  const integration = assembly
    .resources('AWS::ApiGatewayV2::Integration')
    .find((other) => targetText === `integrations/${names.referenceOf(other)}`);
  if (!integration) return 'nothing';
  const uri = tolerant(() => integration.text('IntegrationUri')) ?? '';
  const [, functionArn = uri] = /functions\/(.+)\/invocations$/.exec(uri) ?? [];
  const called = assembly
    .resources('AWS::Lambda::Function')
    .find((other) => names.referenceOf(other) === functionNameIn(functionArn));
  const type = tolerant(() => integration.text('IntegrationType')) ?? '?';
  if (called) return type === 'AWS_PROXY' ? names.short(called) : `${names.short(called)} (${type})`;
  return [type, uri].filter((text) => text !== '').join(' ');
}

function functionRows(assembly: Assembly, names: Names): string[][] {
  return assembly
    .resources('AWS::Lambda::Function')
    .map((lambdaFunction) => [
      names.short(lambdaFunction),
      tolerant(() => lambdaFunction.text('Handler')) ??
        tolerant(() => lambdaFunction.text('PackageType')) ??
        '',
      `${tolerant(() => lambdaFunction.text('MemorySize')) ?? '128'} MB`,
      `${tolerant(() => lambdaFunction.text('Timeout')) ?? '3'} s`,
      codeSize(lambdaFunction),
    ]);
}

/** The files that Node.js would load, without source maps. */
function codeSize(lambdaFunction: Resource): string {
  const code = lambdaFunction.properties.Code;
  const inline = textAt(code, 'ZipFile');
  if (inline !== undefined) return kilobytes(Buffer.byteLength(inline));
  const key = isObject(code) && code.S3Key !== undefined ? code.S3Key : '';
  const objectKey = tolerant(() => lambdaFunction.stack.resolve(key, lambdaFunction.at('Code.S3Key')));
  const path = lambdaFunction.stack.files.assets.get(String(objectKey));
  if (path === undefined || !existsSync(path)) return '?';
  if (!statSync(path).isDirectory()) return kilobytes(statSync(path).size);
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const sizes = files
    .filter((file) => /\.[cm]?js$/.test(file))
    .map((file) => statSync(join(path, file)).size);
  return kilobytes(sizes.reduce((sum, size) => sum + size, 0));
}

function kilobytes(bytes: number): string {
  const size = bytes / 1024;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} KB`;
}

/** Grants of one function follow each other. Only the first shows its name. */
function grantRows(assembly: Assembly, names: Names): string[][] {
  const grants = readGrants(assembly, names);
  return grants.map((grant, index) => [
    grants[index - 1]?.function === grant.function ? '' : grant.function,
    byService(grant.actions),
    grant.resources.join('\n'),
    grant.isWide ? 'yes' : '',
  ]);
}

const MAX_COLUMNS = 60;

/** `dynamodb: GetItem Query …`: each service once, wrapped. */
function byService(actions: string[]): string {
  const lines: string[] = [];
  let service: string | undefined;
  for (const action of actions) {
    const [prefix = '', name] = action.split(':');
    const last = lines.at(-1) ?? '';
    if (name === undefined) lines.push(action);
    else if (prefix !== service) lines.push(`${prefix}: ${name}`);
    else if (last.length + name.length < MAX_COLUMNS) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(`  ${name}`);
    service = name === undefined ? undefined : prefix;
  }
  return lines.join('\n');
}

function table(title: string, head: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const colours = process.stdout.isTTY ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] };
  const drawn = new Table({ head, style: { ...colours, compact: true } });
  drawn.push(...rows);
  return `${title}\n${drawn.toString()}\n`;
}
