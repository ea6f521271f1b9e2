/**
 * An app's secrets. A generated value is the same in every run. If the template asks for it, it is a documented
 * value.
 */
import { createHash } from 'node:crypto';
import type { Secret } from '../model';
import { isObject, type Json, type JsonObject, objectAt, textAt } from '../values/json';
import type { AppResources, Resource } from '../values/resource';

const SECRET = 'AWS::SecretsManager::Secret';
const ATTACHMENT = 'AWS::SecretsManager::SecretTargetAttachment';

/** The characters of each type in Secrets Manager's GetRandomPassword. */
const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz';
const UPPER_CASE = LOWER_CASE.toUpperCase();
const NUMBERS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** Marks, in a secret's Metadata, that the developer needs to know the generated value, and the value itself. */
const WELL_KNOWN = { metadata: 'shared-connection:secret', says: 'well-known', value: 'local' } as const;
const DEFAULT_LENGTH = 32;
const MAX_LENGTH = 4096;

export function readSecrets(app: AppResources): Secret[] {
  return app.resources(SECRET).map((resource) => {
    const value = secretString(resource);
    const description = resource.text('Description');
    const arn = resource.ref;
    return {
      path: resource.path,
      name: secretName(arn),
      arn,
      ...(value === undefined ? {} : { value }),
      ...(description === undefined ? {} : { description }),
    };
  });
}

/** An ARN ends with the name, a hyphen and six random characters, which partial ARNs leave out. */
const ARN = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:/;
const SUFFIX = /-[A-Za-z0-9]{6}$/;

/** The name of a secret from its ARN. Names are returned unchanged. */
export function secretName(nameOrArn: string): string {
  return ARN.test(nameOrArn) ? nameOrArn.replace(ARN, '').replace(SUFFIX, '') : nameOrArn;
}

export function isSecretId(id: string, arn: string): boolean {
  return id === arn || id === secretName(arn) || id === arn.replace(SUFFIX, '');
}

/** `undefined` for a secret without a value. */
export function secretString(resource: Resource): string | undefined {
  const value = ownString(resource);
  const connection = value === undefined ? {} : connectionOf(resource);
  const content = value === undefined ? undefined : parse(value);
  if (!isObject(content) || Object.keys(connection).length === 0) return value;
  return JSON.stringify({ ...content, ...connection });
}

/** The address of the database, which a SecretTargetAttachment adds to the secret. */
function connectionOf(secret: Resource): JsonObject {
  const { stack } = secret;
  const arn = secret.ref;
  const attachment = stack.resources().find((one) => one.type === ATTACHMENT && one.text('SecretId') === arn);
  const targetId = attachment && textAt(attachment.properties.TargetId, 'Ref');
  const target = stack.resources().find(({ logicalId }) => logicalId === targetId);
  if (!attachment || !target) return {};
  const attribute = (name: string) =>
    stack.attribute(target.logicalId, name, attachment.at('TargetId')) ?? '';
  const dbname = target.text('DBName') ?? target.text('DatabaseName');
  return {
    engine: target.text('Engine') ?? '',
    host: attribute('Endpoint.Address'),
    port: attribute('Endpoint.Port'),
    ...(dbname === undefined ? {} : { dbname }),
  };
}

function ownString(resource: Resource): string | undefined {
  const given = resource.text('SecretString');
  if (given !== undefined) return given;
  const settings = resource.property('GenerateSecretString');
  if (!isObject(settings)) return undefined;
  const password = isWellKnown(resource)
    ? WELL_KNOWN.value
    : generate(settings, `${resource.stack.name}/${resource.logicalId}`, resource);
  const template = textAt(settings, 'SecretStringTemplate');
  const key = textAt(settings, 'GenerateStringKey');
  if (template === undefined || key === undefined) return password;
  const value = parse(template);
  if (!isObject(value)) throw resource.mistake(`its SecretStringTemplate is not a JSON object: ${template}`);
  return JSON.stringify({ ...value, [key]: password });
}

function isWellKnown({ definition }: Resource): boolean {
  return textAt(objectAt(definition, 'Metadata'), WELL_KNOWN.metadata) === WELL_KNOWN.says;
}

function generate(settings: JsonObject, seed: string, resource: Resource): string {
  const excluded = new Set(textAt(settings, 'ExcludeCharacters') ?? '');
  const isOn = (name: string) => String(settings[name]) === 'true';
  const types = [
    isOn('ExcludeLowercase') ? '' : LOWER_CASE,
    isOn('ExcludeUppercase') ? '' : UPPER_CASE,
    isOn('ExcludeNumbers') ? '' : NUMBERS,
    isOn('ExcludePunctuation') ? '' : PUNCTUATION,
    isOn('IncludeSpace') ? ' ' : '',
  ]
    .map((characters) => [...characters].filter((character) => !excluded.has(character)))
    .filter((characters) => characters.length > 0);
  const length = Number(settings.PasswordLength ?? DEFAULT_LENGTH);
  if (types.length === 0 || !(length >= 1 && length <= MAX_LENGTH)) {
    throw resource.mistake(
      'its GenerateSecretString excludes every character, or has no usable PasswordLength',
    );
  }
  const isEach = settings.RequireEachIncludedType === undefined || isOn('RequireEachIncludedType');
  const all = types.flat();
  return Array.from({ length }, (_, index) => {
    const characters = (isEach && types[index]) || all;
    return characters[numberOf(`${seed}/${index}`) % characters.length];
  }).join('');
}

function numberOf(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE(0);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
