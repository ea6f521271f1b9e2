/**
 * Admits connections that wait for their position, between two batches. Lines posted before are in the answer; lines
 * posted after reach them as members.
 */
import type { Clock } from '../../clock';
import { memberKey, toMember } from '../../connections/connection-items';
import type { ServiceContext } from '../../service-context';
import { absent, all, any, equals } from '../../table/conditions';
import type { Item } from '../../table/item';
import { PATIENCE_MILLISECONDS } from './batch';
import type { ChannelFrames } from './channel-frames';
import { isRefusal } from './cut';
import type { LineLog } from './line-log';
import { type Join, joinKey, type LogState, type Position } from './log-items';
import type { PosterLease } from './poster-lease';
import type { Stragglers } from './stragglers';

export interface NewcomersCollaborators {
  service: ServiceContext;
  log: LineLog;
  frames: ChannelFrames;
  stragglers: Stragglers;
  lease: PosterLease;
}

export class Newcomers {
  constructor(private readonly with_: NewcomersCollaborators) {}

  async admit(join: Join, position: Position, log: LogState): Promise<void> {
    const { service, stragglers, lease, log: lines } = this.with_;
    const { table, token } = service.backend;
    const { webSocketId } = join;
    const key = memberKey({ ...lines.name, webSocketId });
    const admitted = token();
    const item = await table.update(
      key,
      { set: { from: position.offset, epoch: position.epoch, admitted } },
      all(equals('token', join.token), any(absent('from'), equals('admitted', admitted))),
    );
    const forget = async () => {
      await table.delete(joinKey(lines.name, webSocketId), equals('token', join.token));
    };
    if (item) {
      const answer = await this.#framesOf(join, position, log);
      const answering = this.#post(answer, item, join.token, admitted);
      const isTold = await unlessSlow(answering, service.backend.clock);
      // Nobody waits for an answer that hangs.
      if (isTold === undefined) {
        const hasMissed = () => lease.posted !== position.offset || lease.isHalfPosted;
        return stragglers.leaveNewcomer(item, answering, { hasMissed, forget });
      }
      if (!isTold) return stragglers.leave(item, undefined, forget);
    } else {
      const there = await table.get(key);
      // Either a poster admitted it and crashed, and its answer may not have arrived; or it has left, or subscribed
      // again.
      if (there?.token === join.token && (await this.#waits(join)))
        return stragglers.leave(there, undefined, forget);
    }
    await forget();
  }

  /** Whether its subscription is still there: a late answer may have ended it. */
  async #waits({ webSocketId, token }: Join): Promise<boolean> {
    const { service, log: lines } = this.with_;
    return (await service.backend.table.get(joinKey(lines.name, webSocketId)))?.token === token;
  }

  async #framesOf({ since, request }: Join, position: Position, log: LogState): Promise<string[]> {
    const { frames, log: lines } = this.with_;
    const missed = since && (await lines.missed(since, log, position.offset));
    return frames.encodeJoined({
      channel: lines.name.channel,
      ...position,
      ...(since && { recovered: missed !== undefined }),
      lines: missed ?? [],
      ...(request !== undefined && { request: JSON.parse(request) }),
    });
  }

  /**
   * Whether the whole answer was sent, or the client has disconnected.
   * @throws ConnectionsApiError if this process may not post: then another one answers
   */
  async #post(answer: string[], item: Item, token: string, admitted: string): Promise<boolean> {
    const { service, lease } = this.with_;
    if (answer.length === 0) return true;
    let refusal: unknown;
    const { sent, gone } = await service.deliverOnce(answer, {
      to: [toMember(item)],
      deadline: lease.postsUntil,
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

/** `undefined` if it takes longer than everybody waits for one. */
function unlessSlow<T>(work: Promise<T>, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(PATIENCE_MILLISECONDS, () => resolve(undefined));
    work.then(resolve, reject).finally(cancel);
  });
}
