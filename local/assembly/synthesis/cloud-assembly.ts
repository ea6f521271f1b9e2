/** The files of a cloud assembly: manifests, templates and assets, nested stages and nested stacks. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../user-error';
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../values/json';

export interface CloudAssembly {
  /** In the manifest's order, followed by those of nested stages. */
  stacks: StackFiles[];
  /** Missing context of the app, for which the CDK used dummy values. */
  missingContext: string[];
  /** The version, if CDK 1 wrote the assembly. */
  cdk1Version: string | undefined;
  /** Errors that constructs reported (`Annotations.of(…).addError`). The CDK does not deploy their stack. */
  errors: { stackName: string; path: string; message: string }[];
}

export interface StackFiles {
  stackName: string;
  /** In the manifest. */
  id: string;
  /** The construct path: `Dev/Main`. */
  displayName: string;
  /** IDs of the artifacts that are deployed before it. */
  dependencies: string[];
  /** The folder that asset paths are relative to. */
  directory: string;
  templateFile: string;
  template: JsonObject;
  /** `undefined` if the stack does not set it. */
  region: string | undefined;
  accountId: string | undefined;
  parameters: JsonObject;
  /** Absolute paths by object key (`{hash}.zip`). */
  assets: Map<string, string>;
  /** Construct paths by logical id. */
  constructPaths: Map<string, string>;
}

/** @throws {UserError} if the folder has no cloud assembly, or parts of it are missing */
export function readCloudAssembly(directory: string): CloudAssembly {
  const manifestFile = join(directory, 'manifest.json');
  if (!existsSync(manifestFile)) {
    throw new UserError(
      `${directory} is not a CDK cloud assembly: it has no manifest.json. Pass the folder that \`cdk synth\` writes (cdk.out), or the command that runs the app.`,
    );
  }
  const manifest = readJson(manifestFile);
  const artifacts = Object.entries(objectAt(manifest, 'artifacts')).filter((entry) => isObject(entry[1]));
  const assets = new Map<string, string>();
  for (const [, artifact] of artifacts) {
    const file = textAt(objectAt(artifact, 'properties'), 'file');
    if (textAt(artifact, 'type') === 'cdk:asset-manifest' && file) readAssets(directory, file, assets);
  }
  const missing = isObject(manifest) && Array.isArray(manifest.missing) ? manifest.missing : [];
  const assembly: CloudAssembly = {
    stacks: [],
    missingContext: missing.map((entry) => textAt(entry, 'key') ?? 'context'),
    cdk1Version: cdk1Version(directory),
    errors: [],
  };
  const stages: string[] = [];
  for (const [id, artifact] of artifacts) {
    const type = textAt(artifact, 'type');
    if (type === 'aws:cloudformation:stack') readStack(directory, id, artifact, assets, assembly);
    const stage = textAt(objectAt(artifact, 'properties'), 'directoryName');
    if (type === 'cdk:cloud-assembly' && stage) stages.push(stage);
  }
  for (const stage of stages) {
    const nested = readCloudAssembly(join(directory, stage));
    assembly.stacks.push(...nested.stacks);
    assembly.missingContext.push(...nested.missingContext);
    assembly.errors.push(...nested.errors);
  }
  return assembly;
}

export function readJson(file: string): Json {
  if (!existsSync(file))
    throw new UserError(`The assembly refers to ${file}, which does not exist. Synthesize the app again.`);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${file} is not readable as JSON: ${reason}.`);
  }
}

function readStack(
  directory: string,
  id: string,
  artifact: Json,
  assets: Map<string, string>,
  assembly: CloudAssembly,
): void {
  const properties = objectAt(artifact, 'properties');
  const templateFile = textAt(properties, 'templateFile') ?? `${id}.template.json`;
  const template = readJson(join(directory, templateFile));
  const [, accountId, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(textAt(artifact, 'environment') ?? '') ?? [];
  const constructPaths = new Map<string, string>();
  const legacyAssets: JsonObject = {};
  const stackName = textAt(properties, 'stackName') ?? id;
  for (const { path, type, data } of readMetadata(directory, artifact)) {
    if (type === 'aws:cdk:logicalId') constructPaths.set(String(data), path);
    if (type === 'aws:cdk:error') assembly.errors.push({ stackName, path, message: String(data) });
    if (type === 'aws:cdk:asset') Object.assign(legacyAssets, readLegacyAsset(directory, data, assets));
  }
  assembly.stacks.push({
    stackName,
    id,
    displayName: textAt(artifact, 'displayName') ?? id,
    dependencies: listAt(artifact, 'dependencies').map(String),
    directory,
    templateFile: basename(templateFile),
    template: isObject(template) ? template : {},
    region: region === 'unknown-region' ? undefined : region,
    accountId: accountId === 'unknown-account' ? undefined : accountId,
    parameters: { ...legacyAssets, ...objectAt(properties, 'parameters') },
    assets,
    constructPaths,
  });
}

function readAssets(directory: string, file: string, assets: Map<string, string>): void {
  for (const asset of Object.values(objectAt(readJson(join(directory, file)), 'files'))) {
    const path = textAt(objectAt(asset, 'source'), 'path');
    for (const destination of Object.values(objectAt(asset, 'destinations'))) {
      const objectKey = textAt(destination, 'objectKey');
      if (path && objectKey) assets.set(objectKey, resolve(directory, path));
    }
  }
}

/**
 * CDK 1 and the legacy synthesizer of CDK 2 pass assets as parameters. Returns the parameters of one asset, by name.
 */
function readLegacyAsset(directory: string, data: Json, assets: Map<string, string>): JsonObject {
  const [id, path] = [textAt(data, 'id'), textAt(data, 'path')];
  if (id === undefined || path === undefined) return {};
  const key = `${id}.zip`;
  assets.set(key, resolve(directory, path));
  const values: [string | undefined, string][] = [
    [textAt(data, 's3BucketParameter'), 'assets'],
    // A prefix and a name, with the template's separator.
    [textAt(data, 's3KeyParameter'), `||${key}`],
    [textAt(data, 'artifactHashParameter'), id],
  ];
  return Object.fromEntries(values.filter(([name]) => name !== undefined));
}

/** The construct tree names the library of each construct. */
function cdk1Version(directory: string): string | undefined {
  const file = join(directory, 'tree.json');
  if (!existsSync(file)) return undefined;
  const [, version] =
    /"fqn":\s*"@aws-cdk\/core\.[^"]*",\s*"version":\s*"(1\.[^"]*)"/.exec(readFileSync(file, 'utf8')) ?? [];
  return version;
}

/** The metadata of constructs, which is in the manifest or in a separate file. */
function readMetadata(directory: string, artifact: Json): { path: string; type: string; data: Json }[] {
  const file = textAt(artifact, 'additionalMetadataFile');
  const extra = file ? readJson(join(directory, file)) : {};
  const metadata = { ...objectAt(artifact, 'metadata'), ...(isObject(extra) ? extra : {}) };
  return Object.entries(metadata).flatMap(([path, entries]) =>
    (Array.isArray(entries) ? entries : []).map((entry) => ({
      path: path.replace(/^\//, ''),
      type: textAt(entry, 'type') ?? '',
      data: isObject(entry) ? (entry.data ?? '') : '',
    })),
  );
}
