/** Reads the fields of a request. An empty value counts as missing, as in Protocol Buffers, whose JSON form the API is. */

import { assertClientChannel } from '../../channels/client-requests';
import { isObject } from '../json-object';
import { errors } from '../realtime-errors';

export type Fields = Readonly<Record<string, unknown>>;

const MOST_CHARACTERS = 1_024;
const MOST_TAGS = 32;

/**
 * Names count in any case, as Go's JSON has it: gocent 3 sends `Disconnect`.
 * @throws RealtimeError for anything but an object
 */
export function fieldsOf(value: unknown): Fields {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toLowerCase(), one]));
  throw errors.badRequest('the request must be a JSON object');
}

/** @throws RealtimeError */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && value.length <= MOST_CHARACTERS) return value;
  throw errors.badRequest(`${name} must be text of up to ${MOST_CHARACTERS} characters`);
}

/** @throws ClientError for a missing or invalid channel */
export function channelIn({ channel }: Fields): string {
  assertClientChannel(channel);
  return channel;
}

/** @throws RealtimeError */
export function wholeIn(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === 0) return undefined;
  if (Number.isSafeInteger(value)) return value as number;
  throw errors.badRequest(`${name} must be a whole number`);
}

/** @throws RealtimeError */
export function flagIn(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw errors.badRequest(`${name} must be true or false`);
}

/** @throws RealtimeError */
export function objectIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return fieldsOf(value);
  throw errors.badRequest(`${name} must be a JSON object`);
}

/** @throws RealtimeError */
export function listIn(fields: Fields, name: string, most: number): unknown[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.length <= most) return value;
  throw errors.badRequest(`${name} must be a list of up to ${most}`);
}

/** @throws RealtimeError */
export function textsIn(fields: Fields, name: string, most: number): string[] {
  const value = listIn(fields, name, most);
  if (value.every((one) => typeof one === 'string')) return value as string[];
  throw errors.badRequest(`${name} must be a list of texts`);
}

/** Names and values of a publication's tags. @throws RealtimeError */
export function tagsIn(fields: Fields): Record<string, string> | undefined {
  const tags = fields.tags ?? {};
  const values = isObject(tags) ? Object.values(tags) : [tags];
  if (values.length > MOST_TAGS || values.some((one) => typeof one !== 'string') || !isObject(tags))
    throw errors.badRequest(`tags must be an object of up to ${MOST_TAGS} texts`);
  return values.length > 0 ? (tags as Record<string, string>) : undefined;
}

/**
 * What clients get: `data`, or `b64data` if that is JSON, because clients of the JSON protocol take no bytes.
 * @throws RealtimeError for neither
 */
export function dataIn(fields: Fields): unknown {
  const encoded = fields.b64data;
  if (encoded === undefined || encoded === null || encoded === '') return fields.data;
  try {
    return JSON.parse(Buffer.from(String(encoded), 'base64').toString('utf8'));
  } catch {
    throw errors.badRequest(
      'b64data is not JSON in base64. Clients here speak the JSON form of the protocol, which carries no bytes',
    );
  }
}

/** Says that a field does nothing here, rather than to ignore it. @throws RealtimeError */
export function assertWithout(fields: Fields, ...names: string[]): void {
  for (const name of names) if (!isEmpty(fields[name])) throw errors.notAvailable(name);
}

function isEmpty(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}
