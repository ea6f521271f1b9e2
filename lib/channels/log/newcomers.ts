/**
 * Admits connections that wait for their position, between two batches. Lines posted before are in the answer; lines
 * posted after reach them as members.
 */
import { memberKey, toMember } from '../../connections/connection-items';
import type { ServiceContext } from '../../service-context';
import { absent, all, any, equals } from '../../table/conditions';
import type { Item } from '../../table/item';
import type { ChannelFrames } from './channel-frames';
import { type Cut, isRefusal } from './cut';
import type { LineLog } from './line-log';
import { type Join, joinKey, type LogState, type Position } from './log-items';

export interface NewcomersCollaborators {
  service: ServiceContext;
  log: LineLog;
  frames: ChannelFrames;
  cut: Cut;
  deadline: number;
}

export class Newcomers {
  constructor(private readonly with_: NewcomersCollaborators) {}

  async admit(join: Join, position: Position, log: LogState): Promise<void> {
    const { service, cut, log: lines } = this.with_;
    const { table, token } = service.backend;
    const { webSocketId } = join;
    const key = memberKey({ ...lines.name, webSocketId });
    const admitted = token();
    const item = await table.update(
      key,
      { set: { from: position.offset, epoch: position.epoch, admitted } },
      all(equals('token', join.token), any(absent('from'), equals('admitted', admitted))),
    );
    if (item) {
      if (!(await this.#answer(item, join, position, log, admitted))) await cut.member(item);
    } else {
      const there = await table.get(key);
      // Either a poster admitted it and crashed, and its answer may not have arrived; or it has left, or subscribed
      // again.
      if (there?.token === join.token) await cut.member(there);
    }
    await table.delete(joinKey(lines.name, webSocketId), equals('token', join.token));
  }

  /**
   * Whether the whole answer was sent, or the client has disconnected.
   * @throws ConnectionsApiError if this process may not post: then another one answers
   */
  async #answer(
    item: Item,
    { token, since, request }: Join,
    position: Position,
    log: LogState,
    admitted: string,
  ): Promise<boolean> {
    const { service, frames, log: lines, deadline } = this.with_;
    const missed = since && (await lines.missed(since, log, position.offset));
    const answer = frames.encodeJoined({
      channel: lines.name.channel,
      ...position,
      ...(since && { recovered: missed !== undefined }),
      lines: missed ?? [],
      ...(request !== undefined && { request: JSON.parse(request) }),
    });
    if (answer.length === 0) return true;
    let refusal: unknown;
    const { sent, gone } = await service.deliverOnce(answer, {
      to: [toMember(item)],
      deadline,
      unreached(_member, frames, why) {
        if (frames === 0 && isRefusal(why)) refusal = why;
      },
    });
    if (refusal === undefined) return sent + gone > 0;
    await service.backend.table.update(
      { pk: item.pk, sk: item.sk },
      { remove: ['from', 'epoch', 'admitted'] },
      all(equals('token', token), equals('admitted', admitted)),
    );
    throw refusal;
  }
}
