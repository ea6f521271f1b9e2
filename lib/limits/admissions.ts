/**
 * Accepts or refuses each message of a client: by this environment's bucket and, if the class is configured so, by a
 * counter in the table.
 */
import { connectionKey } from '../connections/connection-items';
import { absent, any, lessThan } from '../table/conditions';
import { expiryAfter } from '../table/item';
import type { Table } from '../table/table';
import type { Limits } from './connection-limits';
import { type Admission, MessageRate } from './message-rate';

/** A message that arrives late still finds the counter of its window. */
const KEPT_SECONDS = 60;

export class Admissions {
  readonly #rate: MessageRate;

  constructor(
    private readonly limits: Pick<Limits, 'messagesPerSecond' | 'burst' | 'counted'>,
    private readonly table: Table,
    /** The partition in which the messages of a connection, or of a user, are counted. */
    private readonly pkOf: (id: string) => string = (webSocketId) => connectionKey(webSocketId).pk,
  ) {
    this.#rate = new MessageRate(limits.messagesPerSecond, limits.burst);
  }

  /**
   * `at`: when API Gateway received the message, in milliseconds since the epoch. `messages`: how many it counts as.
   */
  async admit(webSocketId: string, at: number, messages = 1): Promise<Admission> {
    const admission = this.#rate.admit(webSocketId, at, messages);
    if (!admission.taken || this.limits.counted === 'environment') return admission;
    return (await this.#countInTable(webSocketId, at, messages))
      ? admission
      : this.#rate.refuse(webSocketId, at);
  }

  forget(webSocketId: string): void {
    this.#rate.forget(webSocketId);
  }

  /**
   * CONNECTION#{id} / RATE#{begin}    messages accepted in one window, in which the rate allows one burst
   *
   * One write. If the SDK repeats a call whose response was lost, the message counts twice. That is better than one
   * message too many.
   */
  async #countInTable(webSocketId: string, at: number, messages: number): Promise<boolean> {
    const { burst, messagesPerSecond } = this.limits;
    const windowMilliseconds = (burst / messagesPerSecond) * 1_000;
    if (windowMilliseconds === 0) return true;
    const begin = Math.floor(at / windowMilliseconds) * windowMilliseconds;
    const counted = await this.table.update(
      { pk: this.pkOf(webSocketId), sk: `RATE#${Math.floor(begin)}` },
      {
        add: { taken: messages },
        setIfAbsent: { expiresAt: expiryAfter(begin + windowMilliseconds, KEPT_SECONDS) },
      },
      any(absent('taken'), lessThan('taken', burst)),
    );
    return counted !== undefined;
  }
}
