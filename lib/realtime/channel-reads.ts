/** What a channel answers about itself, to a client and to a backend alike. */
import type { LogRule } from '../channels/channel-rules';
import type { Position } from '../channels/log/log-items';
import type { KnownIdentity } from '../connections/identity';
import type { Service } from '../service';
import { clientInfo, fitting, publicationOf } from './protocol';
import { errors } from './realtime-errors';

type Known = KnownIdentity & { webSocketId: string };

export function presenceOf(members: Known[]): object {
  return { presence: Object.fromEntries(members.map((member) => [member.webSocketId, clientInfo(member)])) };
}

export function presenceStatsOf(members: Known[]): object {
  return { num_clients: members.length, num_users: new Set(members.map(countedUser)).size };
}

/** Each anonymous connection counts as a user of its own. */
export function countedUser({ user, webSocketId }: Known): string {
  return user ?? `\0${webSocketId}`;
}

export interface HistoryQuery {
  channel: string;
  /** 0 requests only the position, and a negative number everything. */
  limit: number;
  /** An empty epoch stands for any. */
  since: Position | undefined;
  reverse: boolean;
  /** How much of it one answer carries. */
  mostBytes: number;
}

/** @throws RealtimeError if lines after `since` are lost, or if it belongs to another log */
export async function historyOf(
  service: Service,
  { size }: LogRule,
  { channel, limit, since, reverse, mostBytes }: HistoryQuery,
): Promise<object> {
  const { lines, epoch, offset, recovered } = await service.channel(channel).history({
    ...(since && { since }),
    limit: limit < 0 ? size : Math.min(limit, size),
    reverse,
  });
  const isOther = since !== undefined && since.epoch !== '' && since.epoch !== epoch;
  if (since && (reverse ? isOther : !recovered)) throw errors.unrecoverablePosition();
  return { publications: fitting(lines.map(publicationOf), mostBytes), epoch, offset };
}
