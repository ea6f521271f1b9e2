/**
 * Admits connections that wait for their position, between two batches. Lines posted before are in the answer; lines
 * posted after reach them as members.
 */
import { memberKey, toMember } from '../../connections/connection-items';
import { Slots } from '../../delivery/slots';
import type { ServiceContext } from '../../service-context';
import { absent, all, any, equals } from '../../table/conditions';
import type { Item } from '../../table/item';
import type { ChannelFrames } from './channel-frames';
import { isRefusal } from './cut';
import type { LineLog } from './line-log';
import { type Join, joinKey, type LogState, type Position } from './log-items';
import { Patience } from './patience';
import type { PosterLease } from './poster-lease';
import type { Stragglers } from './stragglers';

const ADMISSIONS_AT_A_TIME = 25;
/** After this time, an answer no longer keeps others from being admitted. */
const SLOW_MILLISECONDS = 500;

export interface NewcomersCollaborators {
  service: ServiceContext;
  log: LineLog;
  state: LogState;
  frames: ChannelFrames;
  stragglers: Stragglers;
  lease: PosterLease;
  /** How many members there are, as far as known. */
  members: number;
}

/** Those of one round. */
export class Newcomers {
  readonly #position: Position;
  readonly #patience: Patience;
  #admissions = 0;
  #unfinished = 0;
  readonly #errors: unknown[] = [];
  /** Resolves when nothing waits any longer for answers that are still being sent. */
  readonly #leftBehind: Promise<undefined>;
  #leaveBehind = () => {};

  constructor(private readonly with_: NewcomersCollaborators) {
    const { service, state, lease, members } = with_;
    this.#position = { epoch: state.epoch, offset: lease.posted };
    this.#patience = new Patience({
      clock: service.backend.clock,
      until: () => lease.postsUntil,
      everybody: () => members + this.#admissions,
      isTheRest: (posts) => posts === this.#unfinished,
    });
    this.#leftBehind = new Promise((resolve) => {
      this.#leaveBehind = () => resolve(undefined);
    });
  }

  /** Waits for the answers, except for those that hang. If an admission fails, no further one begins. */
  async admit(joins: Join[]): Promise<void> {
    this.#admissions = joins.length;
    this.#unfinished = joins.length;
    const admitting = this.#admitEach(joins);
    const isOver = await this.#patience.over(admitting.then(() => true));
    if (!isOver) this.#leaveBehind();
    await admitting;
  }

  async #admitEach(joins: Join[]): Promise<void> {
    const { clock } = this.with_.service.backend;
    const slots = new Slots(ADMISSIONS_AT_A_TIME);
    const admissions: Promise<void>[] = [];
    for (const join of joins) {
      const release = await slots.takeOnce();
      if (this.#errors.length > 0) break;
      const cancel = clock.after(SLOW_MILLISECONDS, release);
      const admission = this.#admitOne(join)
        .catch((error: unknown) => void this.#errors.push(error))
        .finally(() => {
          this.#unfinished--;
          cancel();
          release();
        });
      admissions.push(admission);
    }
    await Promise.all(admissions);
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  async #admitOne(join: Join): Promise<void> {
    const { service, stragglers, lease, log: lines } = this.with_;
    const { table, token } = service.backend;
    const { webSocketId } = join;
    const position = this.#position;
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
      const answer = await this.#framesOf(join);
      const answering = this.#post(answer, item, join.token, admitted);
      const isTold = await Promise.race([answering, this.#leftBehind]);
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

  async #framesOf({ since, request }: Join): Promise<string[]> {
    const { frames, log: lines, state } = this.with_;
    const missed = since && (await lines.missed(since, state, this.#position.offset));
    return frames.encodeJoined({
      channel: lines.name.channel,
      ...this.#position,
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
    const patience = this.#patience;
    if (answer.length === 0) return true;
    const member = toMember(item);
    const { webSocketId } = member;
    let refusal: unknown;
    patience.begins(webSocketId);
    const posting = service.deliverOnce(answer, {
      to: [member],
      deadline: lease.postsUntil,
      throttled: (_member, isWaiting) => patience.throttled(webSocketId, isWaiting),
      unreached(_member, frames, why) {
        if (frames === 0 && isRefusal(why)) refusal = why;
      },
    });
    const { sent, gone } = await posting.finally(() => patience.ends(webSocketId));
    if (refusal === undefined) return sent + gone > 0;
    await service.backend.table.update(
      { pk: item.pk, sk: item.sk },
      { remove: ['from', 'epoch', 'admitted'] },
      all(equals('token', token), equals('admitted', admitted)),
    );
    throw refusal;
  }
}
