import { basename, join } from 'node:path';
import { UserError } from '../user-error';
import { type CloudAssembly, readCloudAssembly, readJson, type StackFiles } from './cloud-assembly';
import { isObject, objectAt, textAt } from './json';
import { OutsideValues } from './outside-values';
import { physicalName } from './physical-names';
import { ReferenceTrail } from './reference-trail';
import type { Resource } from './resource';
import { isSecretId } from './secrets';
import { type Definition, Stack, type StackSurroundings } from './stack';
import { EXPORT_WRITER, PARAMETER, storedIn } from './stored-parameters';

/** What an app's stacks have where they name neither account nor region. */
const DEFAULT_REGION = 'us-east-1';
const DEFAULT_ACCOUNT = '000000000000';

/** Every stack of an app, nested ones included, with the exports that tie them together. */
export class Assembly {
  readonly stacks: Stack[] = [];
  readonly missingContext: string[];
  readonly errors: { path: string; message: string }[];
  readonly #byType = new Map<string, Resource[]>();

  /**
   * @param outside what stands for values that only AWS knows. @default nothing: they are mistakes where they are asked for
   * @throws {UserError} if the folder holds no complete cloud assembly.
   */
  static read(directory: string, outside = new OutsideValues({}, false)): Assembly {
    return new Assembly(readCloudAssembly(directory), outside);
  }

  private constructor(files: CloudAssembly, outside: OutsideValues) {
    this.missingContext = files.missingContext;
    this.errors = files.errors;
    const surroundings: StackSurroundings = {
      region: files.stacks.find(({ region }) => region !== undefined)?.region ?? DEFAULT_REGION,
      accountId: files.stacks.find(({ accountId }) => accountId !== undefined)?.accountId ?? DEFAULT_ACCOUNT,
      trail: new ReferenceTrail(),
      importedValue: (exportName) => this.#exported(exportName),
      stackOutput: (...output) => this.#output(...output),
      storedParameter: (name) => this.#stored(name),
      secret: (id) => this.#secret(id),
      outside,
    };
    for (const stackFiles of files.stacks) this.#add(new Stack(stackFiles, surroundings), surroundings);
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

  #add(stack: Stack, surroundings: StackSurroundings): void {
    this.stacks.push(stack);
    for (const resource of stack.resources()) {
      if (resource.type !== 'AWS::CloudFormation::Stack') continue;
      const nested = new Stack(nestedFiles(stack.files, resource), surroundings, resource);
      stack.addNested(resource.logicalId, nested);
      this.#add(nested, surroundings);
    }
  }

  #output(stackName: string, outputName: string, region: string): Definition | undefined {
    const stack = this.stacks.find((one) => one.name === stackName && one.region === region);
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
    return this.#everywhere('AWS::SecretsManager::Secret').find((resource) =>
      isSecretId(id, String(resource.stack.reference(resource.logicalId, 'Resources'))),
    );
  }

  #everywhere(...types: string[]): Resource[] {
    return this.stacks.flatMap((stack) => stack.resources().filter(({ type }) => types.includes(type)));
  }

  #exported(exportName: string): Definition | undefined {
    for (const stack of this.stacks) {
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

/** The CDK writes a nested stack's template beside its parent's and names it in the resource's metadata. */
function nestedFiles(parent: StackFiles, resource: Resource): StackFiles {
  const path = textAt(objectAt(resource.definition, 'Metadata'), 'aws:asset:path');
  const objectKey = basename(path === undefined ? (resource.text('TemplateURL') ?? '') : '');
  const file = path === undefined ? parent.assets.get(objectKey) : join(parent.directory, path);
  if (file === undefined) {
    throw new UserError(
      `${resource.path} (${resource.type}): its template (${objectKey}) is not among the assets of the assembly. Only nested stacks that the app itself defines can be read.`,
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
