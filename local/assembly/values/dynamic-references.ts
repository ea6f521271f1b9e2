/** References such as `{{resolve:ssm:/chat/limit}}`, which CloudFormation replaces during a deployment. */

import type { Scope } from './intrinsics';
import type { Json } from './json';
import { isObject } from './json';

const REFERENCE = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}/g;

export function resolveReferences(text: string, scope: Scope, at: string): string {
  if (!text.includes('{{resolve:')) return text;
  return text.replace(REFERENCE, (reference, service: string, key: string) => {
    if (service === 'ssm') return storedText(key, scope, at);
    if (service === 'secretsmanager') return secretText(reference, key, scope, at);
    throw scope.mistake(
      at,
      `${reference}: CloudFormation allows ssm-secure only in a few properties, such as database passwords. Read the value at run time with GetParameter`,
    );
  });
}

/** `name` or `name:version`. */
function storedText(key: string, scope: Scope, at: string): string {
  const name = key.replace(/:\d+$/, '');
  return asText(scope.storedParameter(name, at));
}

/** `secret-id:SecretString:json-key:version-stage:version-id`. Only the first part is required. */
function secretText(reference: string, key: string, scope: Scope, at: string): string {
  const [, id = '', part = '', jsonKey = ''] =
    /^(arn:(?:[^:]*:){5}[^:]*|[^:]*)(?::([^:]*))?(?::([^:]*))?/.exec(key) ?? [];
  if (part !== '' && part !== 'SecretString') {
    throw scope.mistake(at, `${reference} names ${part}; CloudFormation resolves only SecretString`);
  }
  return scope.secretText(id, jsonKey, at);
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
