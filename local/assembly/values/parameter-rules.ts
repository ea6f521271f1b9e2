/** What a template requires of a value for one of its parameters. */
import type { UserError } from '../../user-error';
import { type Json, listAt, objectAt, textAt } from './json';

/** @throws {UserError} if CloudFormation would refuse the value */
export function refuseForbidden(value: string, definition: Json, mistake: (text: string) => UserError): void {
  const allowed = listAt(definition, 'AllowedValues').map(String);
  if (allowed.length > 0 && !allowed.includes(value)) {
    throw mistake(`${JSON.stringify(value)} is not one of the AllowedValues: ${allowed.join(', ')}`);
  }
  const pattern = textAt(definition, 'AllowedPattern');
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
    throw mistake(`${JSON.stringify(value)} does not match the AllowedPattern ${pattern}`);
  }
  const isNumber = textAt(definition, 'Type') === 'Number';
  if (isNumber && (value.trim() === '' || Number.isNaN(Number(value)))) {
    throw mistake(`${JSON.stringify(value)} is not a number`);
  }
  const size = isNumber ? Number(value) : value.length;
  const [least, most] = isNumber ? ['MinValue', 'MaxValue'] : ['MinLength', 'MaxLength'];
  const bounds = objectAt({ definition }, 'definition');
  const [min, max] = [bounds[least ?? ''], bounds[most ?? '']];
  if (min !== undefined && size < Number(min))
    throw mistake(`${JSON.stringify(value)} is below its ${least}, ${min}`);
  if (max !== undefined && size > Number(max))
    throw mistake(`${JSON.stringify(value)} is above its ${most}, ${max}`);
}
