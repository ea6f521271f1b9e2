/** `AttributeUpdates`, from before expressions. */
import type { Json } from '../assembly/values/json';
import { type Attributes, type AttributeValue, attributeOf, elements, typeOf } from './attribute-value';
import { validationError } from './dynamodb-error';
import { added, withoutElements } from './expressions/apply-update';

/** @throws {DynamoDbError} if the attribute has another type */
export function addToAttribute(item: Attributes, name: string, value: AttributeValue): Attributes {
  const existing = sameType(attributeOf(item, name), value);
  const more: Json[] = value.L === undefined ? [] : elements(value.L);
  const sum =
    value.L === undefined ? added(existing, value) : { L: [...elements(existing?.L ?? []), ...more] };
  return { ...item, [name]: sum };
}

/** Removes the attribute, or these elements of it. @throws {DynamoDbError} if the attribute has another type */
export function removeFromAttribute(
  item: Attributes,
  name: string,
  value: AttributeValue | undefined,
): Attributes {
  const existing = attributeOf(item, name);
  const left = value && withoutElements(sameType(existing, value), value);
  if (left) return { ...item, [name]: left };
  const { [name]: _removed, ...rest } = item;
  return rest;
}

function sameType(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  if (!existing || typeOf(existing) === typeOf(value)) return existing;
  throw validationError('Type mismatch for attribute to update');
}
