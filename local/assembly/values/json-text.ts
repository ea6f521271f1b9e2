/** JSON that a template may contain as a value or as text. */
import { isObject, type Json, type JsonObject } from './json';

/** `undefined` if neither is an object. */
export function objectFrom(value: Json | undefined): JsonObject | undefined {
  if (typeof value !== 'string') return isObject(value) ? value : undefined;
  try {
    const parsed: Json = JSON.parse(value);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
