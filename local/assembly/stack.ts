/** A stack: resolves references in its template. */
import { partitionOf, urlSuffix } from '../aws-domains';
import { UserError } from '../user-error';
import type { StackSurroundings } from './stack-surroundings';
import { secretName, secretString } from './stores/secrets';
import type { StackFiles } from './synthesis/cloud-assembly';
import { valueOfKey } from './values/dynamic-references';
import { resolve, resolveCondition, type Scope } from './values/intrinsics';
import { isObject, type Json, type JsonObject, objectAt, textAt } from './values/json';
import { refuseForbidden } from './values/parameter-rules';
import { hashUuid } from './values/physical-names';
import { pseudoParameter } from './values/pseudo-parameters';
import { Resource, type ResourceStack } from './values/resource';
import { attributeOf, referenceOf } from './values/resource-values';

/** One template with its region, its account and the stacks around it, which decide what its references mean. */
export class Stack implements Scope, ResourceStack {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly #surroundings: StackSurroundings;
  #resources: Map<string, Resource> | undefined;
  readonly #nested = new Map<string, Stack>();

  constructor(
    readonly files: StackFiles,
    surroundings: StackSurroundings,
    /** The AWS::CloudFormation::Stack resource, if this is a nested stack. */
    readonly parent?: Resource,
  ) {
    this.name = files.stackName;
    this.region = files.region ?? parent?.stack.region ?? surroundings.region;
    this.accountId = files.accountId ?? parent?.stack.accountId ?? surroundings.accountId;
    this.#surroundings = surroundings;
  }

  get partition(): string {
    return partitionOf(this.region);
  }

  get urlSuffix(): string {
    return urlSuffix(this.region);
  }

  get stackId(): string {
    return `arn:${this.partition}:cloudformation:${this.region}:${this.accountId}:stack/${this.name}/${hashUuid(this.name)}`;
  }

  /** `arn:{partition}:{service}:{region}:{account}:{resource}` */
  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.accountId}:${resource}`;
  }

  /** The resources whose conditions are true. */
  resources(): Resource[] {
    return [...this.#all().values()].filter((resource) => this.#exists(resource));
  }

  outputs(): { name: string; definition: Json; at: string }[] {
    return Object.entries(objectAt(this.files.template, 'Outputs'))
      .map(([name, definition]) => ({ name, definition, at: `Outputs.${name}` }))
      .filter(({ definition, at }) => {
        const condition = textAt(definition, 'Condition');
        return condition === undefined || this.condition(condition, at);
      });
  }

  addNested(logicalId: string, stack: Stack): void {
    this.#nested.set(logicalId, stack);
  }

  resolve(value: Json, at: string): Json | undefined {
    return resolve(value, this, at);
  }

  reference(name: string, at: string): Json | undefined {
    const pseudo = pseudoParameter(name, this);
    if (pseudo !== undefined) return pseudo;
    if (name === 'AWS::NoValue') return undefined;
    return this.#surroundings.trail.follow(`${this.files.templateFile}: Ref ${name}`, () => {
      const parameter = objectAt(this.files.template, 'Parameters')[name];
      if (parameter !== undefined) return this.#parameter(name, parameter, at);
      const resource = this.#named(name, at);
      const value = referenceOf(resource);
      if (value !== undefined) return value;
      const text = `Ref of ${name} (type ${resource.type}) is not known here`;
      return this.outsideValue([resource.shortPath, name], at, text);
    });
  }

  attribute(logicalId: string, name: string, at: string): Json | undefined {
    return this.#surroundings.trail.follow(
      `${this.files.templateFile}: Fn::GetAtt ${logicalId}.${name}`,
      () => {
        const resource = this.#named(logicalId, at);
        const nested = this.#nested.get(logicalId);
        if (nested && name.startsWith('Outputs.')) return nested.#output(name.slice('Outputs.'.length));
        const value = attributeOf(resource, name);
        if (value !== undefined) return value;
        const text = `Fn::GetAtt of ${logicalId}.${name} (type ${resource.type}) is not known here`;
        return this.outsideValue([`${resource.shortPath}.${name}`, `${logicalId}.${name}`], at, text);
      },
    );
  }

  condition(name: string, at: string): boolean {
    const definition = objectAt(this.files.template, 'Conditions')[name];
    if (definition === undefined) throw this.mistake(at, `the template has no condition ${name}`);
    return this.#surroundings.trail.follow(`${this.files.templateFile}: Condition ${name}`, () =>
      resolveCondition(definition, this, `Conditions.${name}`),
    );
  }

  mapping(name: string, at: string): JsonObject {
    const mapping = objectAt(this.files.template, 'Mappings')[name];
    if (!isObject(mapping)) throw this.mistake(at, `the template has no mapping ${name}`);
    return mapping;
  }

  importedValue(exportName: string, at: string): Json | undefined {
    const found = this.#surroundings.importedValue(exportName);
    if (!found)
      return this.outsideValue(
        [exportName],
        at,
        `Fn::ImportValue: no stack of this app exports ${exportName}`,
      );
    return this.#surroundings.trail.follow(`Fn::ImportValue ${exportName}`, () =>
      found.stack.resolve(found.value, found.at),
    );
  }

  stackOutput(stackName: string, outputName: string, region: string | undefined, at: string): Json {
    const found = this.#surroundings.stackOutput(stackName, outputName, region ?? this.region);
    const value =
      found &&
      this.#surroundings.trail.follow(`Fn::GetStackOutput ${stackName}.${outputName}`, () =>
        found.stack.resolve(found.value, found.at),
      );
    if (value !== undefined) return value;
    const name = `${stackName}.${outputName}`;
    return this.outsideValue([name], at, `no stack of this app has the output ${name}`);
  }

  storedParameter(name: string, at: string): Json {
    const given = this.#surroundings.outside.given(name);
    if (given !== undefined) return given;
    const found = this.#surroundings.storedParameter(name);
    const value =
      found &&
      this.#surroundings.trail.follow(`the stored parameter ${name}`, () =>
        found.stack.resolve(found.value, found.at),
      );
    if (value !== undefined) return value;
    return this.outsideValue([name], at, `no stack of this app stores the parameter ${name}`);
  }

  secretText(id: string, jsonKey: string, at: string): string {
    const { outside, trail } = this.#surroundings;
    const name = secretName(id);
    const withKey = (secret: string) => (jsonKey === '' ? secret : `${secret}:${jsonKey}`);
    const ofKey = outside.given(withKey(name), withKey(id));
    if (ofKey !== undefined) return ofKey;
    const resource = this.#surroundings.secret(id);
    const text =
      outside.given(name, id) ?? (resource && trail.follow(`the secret ${id}`, () => secretString(resource)));
    if (text === undefined) {
      return String(
        this.outsideValue([withKey(name)], at, `no stack of this app has a value for the secret ${name}`),
      );
    }
    const value = valueOfKey(text, jsonKey);
    if (value !== undefined) return value;
    throw this.mistake(at, `the secret ${name} is not JSON with the key ${jsonKey}`);
  }

  mistake(at: string, text: string): UserError {
    return new UserError(`${this.files.templateFile}: ${at}: ${text}.`.replace(/\.\.$/, '.'));
  }

  outsideValue(names: [string, ...string[]], at: string, text: string): Json {
    const { outside } = this.#surroundings;
    const value = outside.given(...names) ?? outside.placeholder(names[0], at);
    if (value !== undefined) return value;
    throw this.mistake(at, `${text}. Set its value with --parameter ${names[0]}=VALUE`);
  }

  #all(): Map<string, Resource> {
    this.#resources ??= new Map(
      Object.entries(objectAt(this.files.template, 'Resources')).map(([logicalId, definition]) => [
        logicalId,
        new Resource(this, logicalId, definition),
      ]),
    );
    return this.#resources;
  }

  #exists(resource: Resource): boolean {
    const condition = textAt(resource.definition, 'Condition');
    return condition === undefined || this.condition(condition, `Resources.${resource.logicalId}.Condition`);
  }

  #named(logicalId: string, at: string): Resource {
    const resource = this.#all().get(logicalId);
    if (!resource) {
      throw this.mistake(
        at,
        `names ${logicalId}, which is neither a resource nor a parameter of this template`,
      );
    }
    if (this.#exists(resource)) return resource;
    throw this.mistake(at, `names ${logicalId} (type ${resource.type}), whose condition is false`);
  }

  #output(name: string): Json | undefined {
    const output = this.outputs().find((other) => other.name === name);
    const value = isObject(output?.definition) ? output.definition.Value : undefined;
    if (!output || value === undefined)
      throw this.mistake(`Outputs.${name}`, 'is used by the parent stack, but missing');
    return this.resolve(value, `${output.at}.Value`);
  }

  #parameter(name: string, definition: Json, at: string): Json | undefined {
    const passed = this.parent
      ? objectAt(this.parent.properties, 'Parameters')[name]
      : this.files.parameters[name];
    const where = this.parent?.at(`Parameters.${name}`) ?? at;
    const bound = passed === undefined ? undefined : (this.parent?.stack ?? this).resolve(passed, where);
    const given = this.parent ? undefined : this.#surroundings.outside.given(name, `${this.name}.${name}`);
    if (given !== undefined)
      refuseForbidden(given, definition, (text) => this.mistake(`--parameter ${name}`, text));
    const value =
      given ??
      bound ??
      (isObject(definition) ? definition.Default : undefined) ??
      this.outsideValue([name], at, `the parameter ${name} has no default`);
    const type = textAt(definition, 'Type') ?? 'String';
    const [, storedType] = /^AWS::SSM::Parameter::Value<(.+)>$/.exec(type) ?? [];
    const isList = /^(CommaDelimitedList|List<.*>)$/.test(storedType ?? type);
    const content = storedType === undefined ? value : this.storedParameter(String(value), at);
    return isList && typeof content === 'string' ? content.split(',').map((item) => item.trim()) : content;
  }
}
