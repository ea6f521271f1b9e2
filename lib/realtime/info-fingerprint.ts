/** A short text that is the same for the same info about a user, whatever the order of the names in it is. */
import { createHash } from 'node:crypto';
import type { Value } from '../table/item';
import { isObject } from './json-object';

const CHARACTERS = 16;

/** `undefined` for no info. */
export function fingerprintOf(info: Value | undefined): string | undefined {
  if (info === undefined) return undefined;
  return createHash('sha256').update(JSON.stringify(info, inOrder)).digest('base64').slice(0, CHARACTERS);
}

function inOrder(_name: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
