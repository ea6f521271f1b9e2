import { UserError } from '../../user-error';
import type { StackFiles } from '../synthesis/cloud-assembly';
import { type Json, type JsonObject, objectAt, textAt } from './json';

/** What a resource needs from its stack. */
export interface ResourceStack {
  readonly name: string;
  readonly files: StackFiles;
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
  readonly urlSuffix: string;
  /** `arn:{partition}:{service}:{region}:{account}:{resource}` */
  arn(service: string, resource: string): string;
  resolve(value: Json, at: string): Json | undefined;
  /** What `Ref` and `Fn::GetAtt` give. */
  reference(name: string, at: string): Json | undefined;
  attribute(logicalId: string, name: string, at: string): Json | undefined;
  /** The resources whose conditions are true. */
  resources(): Resource[];
  mistake(at: string, text: string): UserError;
}

/** The resources of an app, by their types. */
export interface AppResources {
  resources(...types: string[]): Resource[];
}

/** One resource of a template. Its properties are resolved on demand. */
export class Resource {
  readonly type: string;
  /** The construct's path in the app. */
  readonly path: string;

  constructor(
    readonly stack: ResourceStack,
    readonly logicalId: string,
    readonly definition: Json,
  ) {
    // With the language extensions, a loop may take the place of a resource.
    this.type = textAt(definition, 'Type') ?? logicalId.split('::').slice(0, 2).join('::');
    this.path =
      textAt(objectAt(definition, 'Metadata'), 'aws:cdk:path') ??
      stack.files.constructPaths.get(logicalId) ??
      `${stack.name}/${logicalId}`;
  }

  /** The readable construct path, without the resource at its end. */
  get shortPath(): string {
    return this.path.replace(/\/(Resource|Default)$/, '');
  }

  /** What `Ref` gives: a name, an id or an ARN. */
  get ref(): string {
    return String(this.stack.reference(this.logicalId, 'Resources'));
  }

  get properties(): JsonObject {
    return objectAt(this.definition, 'Properties');
  }

  property(name: string): Json | undefined {
    const value = this.properties[name];
    return value === undefined ? undefined : this.stack.resolve(value, this.at(name));
  }

  text(name: string): string | undefined {
    const value = this.property(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object')
      throw this.stack.mistake(this.at(name), `must be text, but is ${JSON.stringify(value)}`);
    return String(value);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (text.trim() === '' || Number.isNaN(number))
      throw this.stack.mistake(this.at(name), `must be a number, but is ${text}`);
    return number;
  }

  /** CloudFormation accepts `"true"` for `true`. */
  flag(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** An error of the user in this resource. Names its construct. */
  mistake(text: string): UserError {
    return new UserError(`${this.path} (${this.type}): ${text}`);
  }

  at(property: string): string {
    return `Resources.${this.logicalId}.Properties.${property}`;
  }
}
