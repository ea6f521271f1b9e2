/**
 * Advances the time: to the next alarm when nothing else can happen, or for a long time while an actor waits for a
 * response.
 */
import type { Actor } from './actor';
import type { ActorClock } from './actor-clock';
import { type Answers, shown } from './answers';
import { atRest } from './at-rest';
import { isRead, type Offer } from './independence';
import type { Budget } from './scenario';
import type { Scheduler, Surroundings } from './scheduler';

const LAMBDA_RETRY_MILLISECONDS = 60_000;
/** Longer than the pause between two heartbeats, and shorter than a lease. */
const LAG_MILLISECONDS = 16_000;
/** As long as a gateway host or a caller can keep an invocation waiting. */
const STALL_MILLISECONDS = 31_000;
/** If nothing was written by then, a polling actor would continue forever. */
const LONGEST_LOOK_MILLISECONDS = 10 * 60_000;

export class PassingTime {
  /** Whether an actor had to wait for longer than a lease, so that another one may have continued. */
  hadStall = false;
  #retries: { at: number; actor: Actor; start: () => void }[] = [];

  constructor(
    private readonly scheduler: Pick<Scheduler, 'running' | 'isReady' | 'end'>,
    private readonly clock: ActorClock,
    private readonly answers: Answers,
    private readonly budget: Budget,
    private readonly surroundings: Surroundings,
  ) {}

  offer(offer: Offer): void {
    const { surroundings, budget } = this;
    const { stallsAt, takesLong } = surroundings;
    const waiting = this.scheduler.running().flatMap(({ calls }) => calls.map(({ call }) => shown(call)));
    const isWaiting = waiting.some((call) => takesLong === undefined || !call.startsWith(takesLong));
    const isAboutToHappen = surroundings.isAboutToHappen();
    const isReady = this.scheduler.isReady();
    const needsTick = isWaiting || isAboutToHappen || isReady;
    const next = this.#next();
    if (surroundings.polls) {
      const isFree = !surroundings.hasClients() && !isReady;
      if (next < Infinity && !isWaiting && !isAboutToHappen && (isFree || budget.waits > 0)) {
        offer('time passes, and nobody does more than look', () => {
          if (!isFree) budget.waits--;
          return this.onlyLook();
        });
      }
    } else if (next < Infinity && (!needsTick || budget.ticks > 0)) {
      const milliseconds = next - this.clock.now();
      offer(`${milliseconds} ms pass`, () => {
        if (needsTick) budget.ticks--;
        return this.#pass(milliseconds);
      });
    }
    if (!isWaiting || isAboutToHappen) return;
    if (budget.lags > 0) {
      offer(`${LAG_MILLISECONDS / 1000} s pass`, () => {
        budget.lags--;
        return this.#pass(LAG_MILLISECONDS);
      });
    }
    if (budget.stalls > 0 && waiting.some((call) => call.startsWith(stallsAt))) {
      offer(`${STALL_MILLISECONDS / 1000} s pass`, () => {
        budget.stalls--;
        this.hadStall = true;
        return this.#pass(STALL_MILLISECONDS);
      });
    }
  }

  /** Reads are answered immediately, until an actor is about to write or to start. */
  async onlyLook(): Promise<void> {
    const end = this.clock.now() + LONGEST_LOOK_MILLISECONDS;
    for (;;) {
      const calls = this.scheduler
        .running()
        .flatMap((actor) => actor.calls.map((pending) => ({ actor, pending })));
      if (!calls.every(({ pending }) => isRead(pending.call))) return;
      const [look] = calls;
      const next = this.#next();
      if (look) {
        this.answers.answer(look.actor, look.pending);
        await atRest();
      } else if (next > end || this.surroundings.isAboutToHappen()) {
        return;
      } else {
        await this.#pass(next - this.clock.now());
      }
    }
  }

  /** Lambda retries it after a while. */
  retry(actor: Actor, start: () => void): void {
    this.#retries.push({ at: this.clock.now() + LAMBDA_RETRY_MILLISECONDS, actor, start });
  }

  /** Lambda's retries, in order and each at its time. */
  async retryAll(run: (start: () => void) => Promise<void>): Promise<void> {
    for (const { start } of this.#retries.splice(0)) {
      await this.clock.advance(LAMBDA_RETRY_MILLISECONDS);
      await run(start);
    }
  }

  /** Equal for equal states. */
  state(): unknown {
    const retries = this.#retries.map(({ at, actor }) => [at, actor.name]);
    return [retries, this.clock.now(), this.clock.alarms, this.hadStall];
  }

  #next(): number {
    return Math.min(this.clock.nextAlarm ?? Infinity, ...this.#retries.map(({ at }) => at));
  }

  /** Stops invocations at Lambda's timeout. Retries start when they are due. */
  async #pass(milliseconds: number): Promise<void> {
    const end = this.clock.now() + milliseconds;
    for (const actor of this.scheduler.running()) {
      if (actor.startedAt + actor.limitMilliseconds < end) this.scheduler.end(actor, 'crashed');
    }
    await this.clock.advance(milliseconds);
    const due = this.#retries.filter(({ at }) => at <= end);
    this.#retries = this.#retries.filter(({ at }) => at > end);
    for (const { start } of due) start();
  }
}
