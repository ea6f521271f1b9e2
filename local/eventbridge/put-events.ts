/** Checks the entries of PutEvents, and creates events from them. */
import { randomUUID } from 'node:crypto';
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import { eventTime } from './scheduled-event';

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export const MAX_ENTRIES = 10;
export const MAX_BYTES = 1024 * 1024;
const TIME_BYTES = 14;

export type Refused = { ErrorCode: string; ErrorMessage: string };

export interface Accepted {
  id: string;
  bus: string;
  event: string;
}

export interface Place {
  region: string;
  accountId: string;
  now: number;
}

/** The size of an entry by EventBridge's rules. */
export function entryBytes(entry: JsonObject): number {
  const texts = [
    textAt(entry, 'Source'),
    textAt(entry, 'DetailType'),
    textAt(entry, 'Detail'),
    ...resources(entry),
  ];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
  return bytes + (entry.Time === undefined ? 0 : TIME_BYTES);
}

export function readEntry(entry: JsonObject, { region, accountId, now }: Place): Accepted | Refused {
  const [source, detailType, detail] = ['Source', 'DetailType', 'Detail'].map((name) => textAt(entry, name));
  for (const [name, value] of [
    ['Source', source],
    ['DetailType', detailType],
    ['Detail', detail],
  ] as const) {
    if (!value)
      return refused(
        'InvalidArgument',
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
  }
  if (source?.startsWith('aws.')) {
    return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  const parsed = parse(detail ?? '');
  if (!isObject(parsed)) return refused('MalformedDetail', 'Detail is malformed.');
  const id = randomUUID();
  const event = {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: accountId,
    time: timeOf(entry.Time, now),
    region,
    resources: resources(entry),
    detail: parsed,
  };
  return { id, bus: textAt(entry, 'EventBusName') ?? 'default', event: JSON.stringify(event) };
}

/** @param value seconds since the epoch, as in the JSON protocol */
function timeOf(value: Json | undefined, now: number): string {
  const seconds = typeof value === 'number' ? value : Date.parse(String(value)) / 1000;
  return eventTime(Number.isFinite(seconds) && Math.abs(seconds) < MAX_SECONDS ? seconds * 1000 : now);
}

/** The range of a Date. */
const MAX_SECONDS = 8.64e12;

function resources(entry: JsonObject): string[] {
  return (Array.isArray(entry.Resources) ? entry.Resources : []).map(String);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(ErrorCode: string, ErrorMessage: string): Refused {
  return { ErrorCode, ErrorMessage };
}
