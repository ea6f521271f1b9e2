/** JSON that a template may have as a value or as a text. */
import { isObject, type Json, type JsonObject } from './json';

/** `undefined` if it is no object either way. */
export function objectFrom(value: Json | undefined): JsonObject | undefined {
  if (typeof value !== 'string') return isObject(value) ? value : undefined;
  try {
    const parsed: Json = JSON.parse(value);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
