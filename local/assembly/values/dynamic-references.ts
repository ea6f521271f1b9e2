/** References such as `{{resolve:ssm:/chat/limit}}`, which CloudFormation replaces during a deployment. */
import type { UserError } from '../../user-error';
import { isObject, type Json } from './json';

/** Where the references get their values. `at` is the place of the reference, for messages. */
export interface StoredValues {
  storedParameter(name: string, at: string): Json;
  /** The text of a secret, or of one of its keys if the key is not empty. */
  secretText(id: string, jsonKey: string, at: string): string;
  mistake(at: string, text: string): UserError;
}

const REFERENCE = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}/g;

export function resolveReferences(text: string, values: StoredValues, at: string): string {
  if (!text.includes('{{resolve:')) return text;
  return text.replace(REFERENCE, (reference, service: string, key: string) => {
    if (service === 'ssm') return storedText(key, values, at);
    if (service === 'secretsmanager') return secretText(reference, key, values, at);
    throw values.mistake(
      at,
      `${reference}: CloudFormation allows ssm-secure only in a few properties, such as database passwords. Read the value at run time with GetParameter`,
    );
  });
}

/** `name` or `name:version`. */
function storedText(key: string, values: StoredValues, at: string): string {
  const name = key.replace(/:\d+$/, '');
  return asText(values.storedParameter(name, at));
}

/** `secret-id:SecretString:json-key:version-stage:version-id`. Only the first part is required. */
function secretText(reference: string, key: string, values: StoredValues, at: string): string {
  const [, id = '', part = '', jsonKey = ''] =
    /^(arn:(?:[^:]*:){5}[^:]*|[^:]*)(?::([^:]*))?(?::([^:]*))?/.exec(key) ?? [];
  if (part !== '' && part !== 'SecretString') {
    throw values.mistake(at, `${reference} names ${part}; CloudFormation resolves only SecretString`);
  }
  return values.secretText(id, jsonKey, at);
}

/** The value of one key of a JSON secret. */
export function valueOfKey(secret: string, jsonKey: string): string | undefined {
  if (jsonKey === '') return secret;
  try {
    const value: Json = JSON.parse(secret);
    return isObject(value) && value[jsonKey] !== undefined ? asText(value[jsonKey]) : undefined;
  } catch {
    return undefined;
  }
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value);
}
