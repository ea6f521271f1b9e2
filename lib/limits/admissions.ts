/** Decides on each message of a client: by the bucket of this environment and, where the class wants it, by a count in the table. */
import { connectionKey } from '../connections/connection-items';
import { absent, any, lessThan } from '../table/conditions';
import { expiryAfter } from '../table/item';
import type { Table } from '../table/table';
import type { ConnectionLimits } from './connection-limits';
import { type Admission, MessageRate } from './message-rate';

/** Whatever still comes late to a window finds its count. */
const KEPT_SECONDS = 60;

export class Admissions {
  readonly #rate: MessageRate;

  constructor(
    private readonly limits: Required<ConnectionLimits>,
    private readonly table: Table,
  ) {
    this.#rate = new MessageRate(limits.messagesPerSecond, limits.burst);
  }

  /** `at`: when the gateway took the message, in milliseconds since the epoch. */
  async admit(webSocketId: string, at: number): Promise<Admission> {
    const admission = this.#rate.admit(webSocketId, at);
    if (!admission.taken || this.limits.counted === 'environment') return admission;
    return (await this.#countInTable(webSocketId, at)) ? admission : this.#rate.refuse(webSocketId, at);
  }

  forget(webSocketId: string): void {
    this.#rate.forget(webSocketId);
  }

  /**
   * CONNECTION#{id} / RATE#{begin}    messages taken in the time in which the rate gives as many as a burst
   *
   * One write. A call that the SDK repeats, since its answer was lost, counts twice: rather that than a message too many.
   */
  async #countInTable(webSocketId: string, at: number): Promise<boolean> {
    const { burst, messagesPerSecond } = this.limits;
    const windowMilliseconds = (burst / messagesPerSecond) * 1_000;
    if (windowMilliseconds === 0) return true;
    const begin = Math.floor(at / windowMilliseconds) * windowMilliseconds;
    const counted = await this.table.update(
      { pk: connectionKey(webSocketId).pk, sk: `RATE#${Math.floor(begin)}` },
      {
        add: { taken: 1 },
        setIfAbsent: { expiresAt: expiryAfter(begin + windowMilliseconds, KEPT_SECONDS) },
      },
      any(absent('taken'), lessThan('taken', burst)),
    );
    return counted !== undefined;
  }
}
