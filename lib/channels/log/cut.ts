/**
 * Makes a member start over. It may have missed a line, so it must not get later ones. It receives the class's frame
 * that asks it to subscribe again, or else its connection is closed. When it returns, it gets what it missed.
 */
import { sleep } from '../../clock';
import { type Member, toMember } from '../../connections/connection-items';
import { isOpening } from '../../connections/opening-window';
import type { Unreached } from '../../delivery/delivery';
import { ConnectionsApiError } from '../../errors';
import { Abandonment } from '../../management-api/abandonment';
import type { ServiceContext } from '../../service-context';
import { absent, all, equals, itemExists } from '../../table/conditions';
import type { Item } from '../../table/item';
import type { ChannelFrames, Subscriber } from './channel-frames';

const FORBIDDEN = 403;
const TRIES = 4;
const PAUSE_MILLISECONDS = 200;
/** After this time, a request to close a connection is abandoned. */
const CLOSE_MILLISECONDS = 3_000;

/** Whether a post was refused because this process may not post: then nothing has been sent, and another process may. */
export function isRefusal(why: Unreached): why is ConnectionsApiError {
  return why instanceof ConnectionsApiError && why.status === FORBIDDEN;
}

export class Cut {
  constructor(
    private readonly service: ServiceContext,
    private readonly channel: string,
    private readonly frames: ChannelFrames,
    private readonly deadline: () => number,
  ) {}

  /**
   * `item` is the member's row as it was read. A member that has subscribed again in the meantime keeps its new row.
   */
  async member(item: Item): Promise<void> {
    const { pk, sk, token } = item;
    const member = toMember(item);
    const asRead = token === undefined ? absent('token') : equals('token', token);
    const { table } = this.service.backend;
    if ((await this.#tell(member, { byServer: item.byServer === true })) || (await this.#close(member))) {
      await table.delete({ pk, sk }, asRead);
      return;
    }
    // It may still be open, so it stays here, without further lines, until it is closed.
    await table.update({ pk, sk }, { set: { cut: true } }, all(itemExists, asRead));
  }

  /** Whether its client was notified. */
  async #tell(member: Member, subscriber: Subscriber): Promise<boolean> {
    const notice = this.frames.encodeResubscribe(this.channel, subscriber);
    if (notice === undefined) return false;
    const deadline = this.deadline();
    const { sent, gone } = await this.service.deliverOnce([notice], {
      to: [member],
      deadline,
      unreached() {},
    });
    return sent + gone > 0;
  }

  /** Whether it is certainly closed. */
  async #close(member: Member): Promise<boolean> {
    const { clock } = this.service.backend;
    for (let tries = 1; ; tries++) {
      const askedAt = clock.now();
      try {
        if ((await this.#delete(member, askedAt)) === 'closed') return true;
        if (isOpening(member.acceptedAt, askedAt)) return false;
        await this.service.requestSettlement([member]);
        return true;
      } catch (error) {
        if (!(error instanceof ConnectionsApiError)) throw error;
        if (!error.retryable || tries === TRIES || clock.now() >= this.deadline()) return false;
      }
      await sleep(clock, tries * PAUSE_MILLISECONDS);
    }
  }

  async #delete(member: Member, now: number): Promise<'closed' | 'gone'> {
    const { connections, clock } = this.service.backend;
    const abandonment = new Abandonment();
    const timeout = Math.max(0, Math.min(CLOSE_MILLISECONDS, this.deadline() - now));
    const cancel = clock.after(timeout, () => abandonment.abandon());
    try {
      return await connections.delete(member, abandonment);
    } finally {
      cancel();
    }
  }
}
