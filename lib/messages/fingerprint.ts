/** A short text that is the same for the same JSON value, whatever the order of names in its objects. */
import { createHash } from 'node:crypto';

/** 96 bits. */
const CHARACTERS = 16;

/** @param value JSON: DynamoDB may return the members of a map in another order */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, inOrder)).digest('base64url').slice(0, CHARACTERS);
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
