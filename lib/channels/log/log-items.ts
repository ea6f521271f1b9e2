/**
 * The rows of a channel with a log. Lines and members have a partition each, since one takes 1,000 writes a second.
 *
 * LOG#{service}#{channel} / ENTRY#{offset}        a line, or an offset that was skipped
 * LOG#{service}#{channel} / JOIN#{range}#{id}     a connection that has subscribed, and waits for its position
 * LOG#{service}#{channel} / LOG                   the epoch, and the last offset that was given
 * CHANNEL#{service}#{channel} / POSTER#{range}    how far the members of a range are, and who posts to them
 * CHANNEL#{service}#{channel} / MEMBER#{hh}#{id}  the member, with `token`, and `from` once it has been admitted
 *
 * `ENTRY`, `JOIN` and `LOG` sort in this order, so one query that starts after the last posted line finds all of the work.
 * A range is the beginning of `hh`: the empty one is everybody.
 */
import { channelPk, spreadOf } from '../../connections/connection-items';
import type { Item, Key } from '../../table/item';

/** Of a channel whose members are posted to by one poster at a time. */
export const WHOLE_CHANNEL = '';
/** Longer than any log's lines are kept. */
export const LOG_ROW_SECONDS = 40 * 24 * 60 * 60;

const OFFSET_DIGITS = 15;

/** A place in a log: the lines up to this offset, of this life of the log. */
export interface Position {
  epoch: string;
  offset: number;
}

/** A published line. */
export interface Line extends Position {
  /** What JSON takes. */
  data: unknown;
  /** What the publisher said of itself, if anything. */
  info?: unknown;
  /** When it was published, in milliseconds since the epoch. */
  at: number;
}

/** An offset, with its line unless it was skipped. */
export interface Entry {
  offset: number;
  line?: Omit<Line, 'epoch'>;
}

/** The log itself. */
export interface LogState extends Position {
  size: number;
  seconds: number;
  serverFunction: string;
}

/** A connection that waits for its position. */
export interface Join {
  webSocketId: string;
  token: string;
  since?: Position;
  request?: string;
}

export interface ChannelName {
  service: string;
  channel: string;
}

export function logPk({ service, channel }: ChannelName): string {
  return `LOG#${service}#${channel}`;
}

export function logKey(name: ChannelName): Key {
  return { pk: logPk(name), sk: 'LOG' };
}

export function entryKey(name: ChannelName, offset: number): Key {
  return { pk: logPk(name), sk: `ENTRY#${String(offset).padStart(OFFSET_DIGITS, '0')}` };
}

export function joinKey(name: ChannelName, webSocketId: string): Key {
  return { pk: logPk(name), sk: `JOIN#${spreadOf(webSocketId)}#${webSocketId}` };
}

export function posterKey({ service, channel }: ChannelName, range: string): Key {
  return { pk: channelPk(service, channel), sk: `POSTER#${range}` };
}

export function toEntry({ sk, data, info, at }: Item): Entry {
  const offset = Number(sk.slice('ENTRY#'.length));
  if (data === undefined) return { offset };
  return {
    offset,
    line: {
      offset,
      data: JSON.parse(data as string),
      ...(info !== undefined && { info: JSON.parse(info as string) }),
      at: at as number,
    },
  };
}

/** Whether a position is one of this log. An empty epoch is of whichever log there is, as in Centrifugo. */
export function isOfLog({ epoch }: Position, log: { epoch: string }): boolean {
  return epoch === '' || epoch === log.epoch;
}

export function toLogState({ epoch, last, size, seconds, serverFunction }: Item): LogState {
  return {
    epoch: epoch as string,
    offset: (last ?? 0) as number,
    size: (size ?? 0) as number,
    seconds: (seconds ?? 0) as number,
    serverFunction: (serverFunction ?? '') as string,
  };
}

export function toJoin({ sk, token, since, request }: Item): Join {
  return {
    webSocketId: sk.split('#').slice(2).join('#'),
    token: token as string,
    ...(since !== undefined && { since: since as unknown as Position }),
    ...(request !== undefined && { request: request as string }),
  };
}
