/** Selects the stacks of an app to run, all in one region. */

import { isGlob } from '../glob';
import { UserError } from '../user-error';
import type { OtherResource } from './model';
import { readJson, type StackFiles } from './synthesis/cloud-assembly';
import { isObject, objectAt, textAt } from './values/json';

export interface StackSelection {
  /** Names, construct paths or patterns such as `Dev/*`. @default every stack */
  stacks?: string[];
  /** `every`, or an AWS region. @default the region of the first WebSocket API */
  region?: string;
}

export interface SelectedStacks {
  files: Set<StackFiles>;
  region: string | undefined;
  /** Selected stacks in other regions. */
  notRun: OtherResource[];
}

/** @throws {UserError} if a name matches no stack, or the region has none */
export function selectStacks(all: StackFiles[], { stacks = [], region }: StackSelection): SelectedStacks {
  const named =
    stacks.length === 0
      ? all
      : withDependencies(
          stacks.flatMap((name) => find(name, all)),
          all,
        );
  if (region === 'every') return { files: new Set(named), region: regionOf(named), notRun: [] };
  const home = region ?? regionOf(named);
  const files = named.filter((one) => one.region === undefined || one.region === home);
  if (files.length === 0) {
    const known = [...new Set(named.map((one) => one.region ?? 'any region'))].join(', ');
    throw new UserError(`--region ${home}: the app has no stack there. Its stacks are in ${known}.`);
  }
  const notRun = named
    .filter((one) => !files.includes(one))
    .map((one) => ({
      type: 'stack',
      path: one.stackName,
      reason: `is in ${one.region}, but a run serves only one region; to serve this one, use --region ${one.region}`,
      ...(hasWebSocketApi(one) && { cost: `the WebSocket API of ${one.stackName} is not served` }),
    }));
  return { files: new Set(files), region: home, notRun };
}

function find(name: string, all: StackFiles[]): StackFiles[] {
  const found = all.filter(({ stackName, displayName, id }) =>
    [stackName, displayName, id].some((known) => isGlob(known, name)),
  );
  if (found.length > 0) return found;
  throw new UserError(
    `--stack ${name}: the app has no such stack. Its stacks are: ${all.map(({ displayName }) => displayName).join(', ') || 'none'}.`,
  );
}

/** Matches like `cdk deploy`. */
function withDependencies(chosen: StackFiles[], all: StackFiles[]): StackFiles[] {
  const found = new Set<StackFiles>();
  const add = (one: StackFiles) => {
    if (found.has(one)) return;
    found.add(one);
    for (const other of all) if (one.dependencies.includes(other.id)) add(other);
  };
  for (const one of chosen) add(one);
  return all.filter((one) => found.has(one));
}

/** The region of the first WebSocket API, or else of the first stack that has one. */
function regionOf(stacks: StackFiles[]): string | undefined {
  const first = stacks.find((one) => one.region !== undefined && hasWebSocketApi(one));
  return (first ?? stacks.find((one) => one.region !== undefined))?.region;
}

/** Includes nested stacks. */
function hasWebSocketApi({ template, assets }: Pick<StackFiles, 'template' | 'assets'>): boolean {
  return Object.values(objectAt(template, 'Resources')).some((resource) => {
    const properties = objectAt(resource, 'Properties');
    const type = textAt(resource, 'Type');
    if (type === 'AWS::ApiGatewayV2::Api') return textAt(properties, 'ProtocolType') === 'WEBSOCKET';
    if (type !== 'AWS::CloudFormation::Stack') return false;
    const [key = ''] = /[0-9a-f]{64}\.json/.exec(JSON.stringify(properties.TemplateURL ?? '')) ?? [];
    const file = assets.get(key);
    const nested = file === undefined ? undefined : readJson(file);
    return isObject(nested) && hasWebSocketApi({ template: nested, assets });
  });
}
