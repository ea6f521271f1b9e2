import { basename, join } from 'node:path';
import { UserError } from '../user-error';
import type { OtherResource } from './model';
import { Stack } from './stack';
import { type StackSelection, selectStacks } from './stack-selection';
import type { Definition, StackSurroundings } from './stack-surroundings';
import { isSecretId } from './stores/secrets';
import { EXPORT_WRITER, PARAMETER, storedIn } from './stores/stored-parameters';
import { type CloudAssembly, readCloudAssembly, readJson, type StackFiles } from './synthesis/cloud-assembly';
import { isObject, objectAt, textAt } from './values/json';
import { OutsideValues } from './values/outside-values';
import { physicalName } from './values/physical-names';
import { ReferenceTrail } from './values/reference-trail';
import type { Resource } from './values/resource';

/** The environment of stacks without an account or a region. */
const DEFAULT_REGION = 'us-east-1';
const DEFAULT_ACCOUNT = '000000000000';

export interface AssemblyOptions extends StackSelection {
  /** Values that only AWS knows, or placeholders for them. @default none: using such a value is an error */
  outside?: OutsideValues;
}

/** The stacks of an app, including nested ones, and the exports that connect them. */
export class Assembly {
  /** The selected stacks. */
  readonly stacks: Stack[] = [];
  readonly region: string;
  readonly missingContext: string[];
  /** Stacks of other regions. */
  readonly notRun: OtherResource[];
  readonly cdk1Version: string | undefined;
  readonly errors: { path: string; message: string }[];
  /** The other stacks, because selected ones may refer to them. */
  readonly #all: Stack[] = [];
  readonly #byType = new Map<string, Resource[]>();

  /** @throws {UserError} if the folder has no complete cloud assembly, or not the selected stacks */
  static read(directory: string, options: AssemblyOptions = {}): Assembly {
    return new Assembly(readCloudAssembly(directory), options);
  }

  private constructor(files: CloudAssembly, options: AssemblyOptions) {
    const selected = selectStacks(files.stacks, options);
    this.notRun = selected.notRun;
    this.region = selected.region ?? DEFAULT_REGION;
    this.cdk1Version = files.cdk1Version;
    this.missingContext = files.missingContext;
    const names = new Set([...selected.files].map(({ stackName }) => stackName));
    this.errors = files.errors.filter(({ stackName }) => names.has(stackName));
    const surroundings: StackSurroundings = {
      region: this.region,
      accountId: files.stacks.find(({ accountId }) => accountId !== undefined)?.accountId ?? DEFAULT_ACCOUNT,
      trail: new ReferenceTrail(),
      importedValue: (exportName) => this.#exported(exportName),
      stackOutput: (...output) => this.#output(...output),
      storedParameter: (name) => this.#stored(name),
      secret: (id) => this.#secret(id),
      outside: options.outside ?? new OutsideValues({}, false),
    };
    for (const stackFiles of files.stacks) {
      const stacks = this.#add(new Stack(stackFiles, surroundings), surroundings);
      if (selected.files.has(stackFiles)) this.stacks.push(...stacks);
    }
    for (const stack of this.stacks) {
      for (const resource of stack.resources()) {
        const others = this.#byType.get(resource.type);
        if (others) others.push(resource);
        else this.#byType.set(resource.type, [resource]);
      }
    }
  }

  resources(...types: string[]): Resource[] {
    return types.flatMap((type) => this.#byType.get(type) ?? []);
  }

  types(): string[] {
    return [...this.#byType.keys()];
  }

  /** The stack and its nested stacks. */
  #add(stack: Stack, surroundings: StackSurroundings): Stack[] {
    this.#all.push(stack);
    const added = [stack];
    for (const resource of stack.resources()) {
      if (resource.type !== 'AWS::CloudFormation::Stack') continue;
      const nested = new Stack(nestedFiles(stack.files, resource), surroundings, resource);
      stack.addNested(resource.logicalId, nested);
      added.push(...this.#add(nested, surroundings));
    }
    return added;
  }

  #output(stackName: string, outputName: string, region: string): Definition | undefined {
    const stack = this.#all.find((one) => one.name === stackName && one.region === region);
    const output = stack?.outputs().find(({ name }) => name === outputName);
    const value = isObject(output?.definition) ? output.definition.Value : undefined;
    return stack && output && value !== undefined ? { stack, value, at: `${output.at}.Value` } : undefined;
  }

  #stored(name: string): Definition | undefined {
    for (const resource of this.#everywhere(PARAMETER, EXPORT_WRITER)) {
      const found = storedIn(resource, name);
      if (found) return { stack: resource.stack, ...found };
    }
    return undefined;
  }

  #secret(id: string): Resource | undefined {
    return this.#everywhere('AWS::SecretsManager::Secret').find((resource) => isSecretId(id, resource.ref));
  }

  #everywhere(...types: string[]): Resource[] {
    return this.#all.flatMap((stack) => stack.resources().filter(({ type }) => types.includes(type)));
  }

  #exported(exportName: string): Definition | undefined {
    for (const stack of this.#all) {
      for (const { definition, at } of stack.outputs()) {
        const name = objectAt(definition, 'Export').Name;
        if (name === undefined || !isObject(definition) || definition.Value === undefined) continue;
        if (stack.resolve(name, `${at}.Export.Name`) !== exportName) continue;
        return { stack, value: definition.Value, at: `${at}.Value` };
      }
    }
    return undefined;
  }
}

/** The CDK writes a nested stack's template next to its parent's. The resource's metadata has the file name. */
function nestedFiles(parent: StackFiles, resource: Resource): StackFiles {
  const path = textAt(objectAt(resource.definition, 'Metadata'), 'aws:asset:path');
  const objectKey = basename(path === undefined ? (resource.text('TemplateURL') ?? '') : '');
  const file = path === undefined ? parent.assets.get(objectKey) : join(parent.directory, path);
  if (file === undefined) {
    throw new UserError(
      `${resource.path} (${resource.type}): its template (${objectKey}) is not among the assets of the assembly. The runtime supports only nested stacks that the app itself defines.`,
    );
  }
  const template = readJson(file);
  return {
    ...parent,
    stackName: physicalName(parent.stackName, resource.logicalId, 128),
    templateFile: basename(file),
    template: isObject(template) ? template : {},
    parameters: {},
  };
}
