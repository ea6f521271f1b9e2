/** Long polling: receivers that wait for the first messages of a queue. */
import type { Alarm, Clock } from '../clock';
import type { ReceivedMessage } from './message';

export interface ReceiveOptions {
  maxMessages: number;
  /** @default the queue's */
  visibilitySeconds?: number;
  /** How long to wait for the first message. `Infinity` for a poller that never stops. @default 0 */
  waitSeconds?: number;
  /** Aborted when the receiver has disconnected. */
  signal?: AbortSignal;
}

export interface MessageSource {
  /** Receives what is available now. */
  take(options: ReceiveOptions): ReceivedMessage[];
  /** When the next message becomes visible, if any is hidden. */
  nextVisibleAt(): number | undefined;
}

interface Waiter {
  options: ReceiveOptions;
  resolve(messages: ReceivedMessage[]): void;
  timeout?: Alarm;
}

export class WaitingReceivers {
  readonly #source: MessageSource;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #wakeUp: Alarm | undefined;

  constructor(source: MessageSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Resolves to the first messages, or to none after `waitSeconds` or an abort. */
  wait(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const { waitSeconds = 0, signal } = options;
    return new Promise((resolve) => {
      const waiter: Waiter = { options, resolve };
      const giveUp = () => this.#answer(waiter, []);
      if (Number.isFinite(waitSeconds)) waiter.timeout = this.#clock.after(waitSeconds * 1000, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiters.add(waiter);
      this.#planWakeUp();
    });
  }

  /** Delivers visible messages, the longest wait first. */
  serve(): void {
    for (const waiter of [...this.#waiters]) {
      const received = this.#source.take(waiter.options);
      if (received.length === 0) break;
      this.#answer(waiter, received);
    }
    this.#planWakeUp();
  }

  close(): void {
    for (const waiter of [...this.#waiters]) this.#answer(waiter, []);
    this.#wakeUp?.cancel();
  }

  #answer(waiter: Waiter, messages: ReceivedMessage[]): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.timeout?.cancel();
    waiter.resolve(messages);
  }

  /** Plans the next delivery for when the next message becomes visible, if a receiver waits. */
  #planWakeUp(): void {
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
    const nextVisibleAt = this.#source.nextVisibleAt();
    if (this.#waiters.size === 0 || nextVisibleAt === undefined) return;
    this.#wakeUp = this.#clock.after(nextVisibleAt - this.#clock.now(), () => this.serve());
  }
}
