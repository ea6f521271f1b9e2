/** Posts with limits on their number and time: a slow one gives up its slot, and one that takes too long is abandoned. */
import type { Clock } from '../clock';
import { ConnectionsApiError } from '../errors';
import { Abandonment } from '../management-api/abandonment';
import type { ConnectionAddress, ConnectionsClient } from '../management-api/connections-client';
import type { Slots } from './slots';

export interface PostLimits {
  /** After this time, a post no longer occupies a slot. */
  slowMilliseconds: number;
  /** After this time, a post without an answer is abandoned. */
  timeoutMilliseconds: number;
  /** Milliseconds since the epoch: a post without an answer by then is abandoned. */
  deadline: number;
}

/** A post without an answer may have arrived, so a retry could deliver it twice. */
class PostTimeoutError extends ConnectionsApiError {
  override readonly retryable = false;

  constructor(milliseconds: number, options: ErrorOptions) {
    super('POST', 0, `within ${milliseconds} ms`, options);
  }
}

export class TimedPosts {
  constructor(
    private readonly connections: ConnectionsClient,
    private readonly clock: Clock,
    private readonly slots: Slots,
    private readonly limits: PostLimits,
  ) {}

  /** How long a post that begins now may take, in milliseconds. */
  timeFrom(now: number): number {
    return Math.max(0, Math.min(this.limits.timeoutMilliseconds, this.limits.deadline - now));
  }

  /** The caller has taken a slot, which is released by the time this resolves. */
  async send(
    address: ConnectionAddress,
    frame: string,
    timeout: number,
  ): Promise<'sent' | 'gone' | ConnectionsApiError> {
    const { clock, slots } = this;
    const slow = Math.min(this.limits.slowMilliseconds, timeout);
    const abandonment = new Abandonment();
    let isSlow = false;
    let cancel = clock.after(slow, () => {
      isSlow = true;
      slots.release();
      cancel = clock.after(timeout - slow, () => abandonment.abandon());
    });
    try {
      return await this.connections.post(address, frame, abandonment);
    } catch (error) {
      if (abandonment.isAbandoned) return new PostTimeoutError(timeout, { cause: error });
      if (error instanceof ConnectionsApiError) return error;
      throw error;
    } finally {
      cancel();
      if (!isSlow) slots.release();
    }
  }

  /** The outcome of a post whose turn came too late. */
  tooLate(): ConnectionsApiError {
    this.slots.release();
    return new PostTimeoutError(0, {});
  }
}
