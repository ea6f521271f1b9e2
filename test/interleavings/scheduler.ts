/**
 * Holds back every call of every actor, and offers what may happen next: a response, a crash, a delay, or the passing
 * of time.
 */
import type { Call, Intercept } from '../../lib/testing';
import type { Actor } from './actor';
import { ActorClock } from './actor-clock';
import { Answers } from './answers';
import { atRest } from './at-rest';
import { isRead, type Offer } from './independence';
import { PassingTime } from './passing-time';
import type { Budget } from './scenario';

/** What the scheduler must know about its environment. */
export interface Surroundings {
  /** Whether another host of the gateway may not know this connection yet. */
  isYoung(webSocketId: string): boolean;
  /** Whether something that takes no time is about to happen, so that the clock does not advance. */
  isAboutToHappen(): boolean;
  /** Whether a client is connected, or may still be. */
  hasClients(): boolean;
  /** Whether an actor polls: see `Scenario.polls`. */
  readonly polls: boolean;
  /** Calls that begin with this: see `Scenario`. */
  readonly stallsAt: string;
  readonly takesLong: string | undefined;
  /** An actor has crashed or failed. */
  ended(actor: Actor): void;
}

const NOTHING_GOES_WRONG: Budget = {
  ...{ crashes: 0, repeats: 0, lateCopies: 0, staleHosts: 0, slowAnswers: 0 },
  ...{ ticks: 0, lags: 0, stalls: 0, waits: 0 },
};

export class Scheduler {
  readonly clock: ActorClock;
  readonly answers: Answers;
  readonly time: PassingTime;
  /** Whether an actor crashed or failed, so that a hook may run again. */
  hadCrash = false;
  /** Before and after the exploration, calls complete immediately. */
  calm = true;
  readonly #budget: Budget;
  readonly #surroundings: Surroundings;
  readonly #actors: Actor[] = [];

  /** Only calls whose subject begins with `goesWrong` are repeated or delayed. */
  constructor(budget: Partial<Budget>, surroundings: Surroundings, now: number, goesWrong = '') {
    this.#budget = { ...NOTHING_GOES_WRONG, ...budget };
    this.#surroundings = surroundings;
    this.clock = new ActorClock(now);
    const isYoung = (webSocketId: string) => surroundings.isYoung(webSocketId);
    this.answers = new Answers(this.clock, this.#budget, isYoung, goesWrong);
    this.time = new PassingTime(this, this.clock, this.answers, this.#budget, surroundings);
  }

  /** The running actor. */
  get current(): Actor | undefined {
    return this.clock.current;
  }

  /** Lets the actor start at any time from now on. */
  add(actor: Actor): void {
    this.#actors.push(actor);
  }

  begin(actor: Actor): void {
    if (!this.#actors.includes(actor)) this.#actors.push(actor);
    this.clock.current = actor;
    actor.begin(this.clock.now(), () => this.end(actor, 'failed'));
  }

  end(actor: Actor, status: 'crashed' | 'failed'): void {
    this.hadCrash = true;
    actor.end(status);
    this.#surroundings.ended(actor);
    if (actor.again) this.time.retry(actor, actor.again);
  }

  /** Resolves when everything that follows from a step has happened. */
  nobodyRuns(): void {
    this.clock.current = undefined;
  }

  running(): Actor[] {
    return this.#actors.filter(({ status }) => status === 'running');
  }

  /** Whether an actor can start. */
  isReady(): boolean {
    return this.#actors.some((actor) => actor.status === 'ready' && actor.mayBegin());
  }

  isBusy(prefix: string): boolean {
    return this.running().some(({ name }) => name.startsWith(prefix));
  }

  readonly intercept: Intercept = <T>(call: Call, apply: () => T) => {
    const actor = this.current;
    if (this.calm || !actor) return Promise.resolve().then(apply);
    return actor.ask(call, apply);
  };

  offerAll(offer: Offer): void {
    if (this.answers.isOver) return;
    for (const actor of this.#actors) {
      if (actor.status === 'ready' && actor.mayBegin()) {
        offer(`${actor.name} begins`, () => this.begin(actor), { actor });
        if (actor.mayBeLost) offer(`${actor.name} is lost`, () => actor.end('lost'), { actor });
      }
      for (const call of actor.calls) this.answers.offer(offer, actor, call);
    }
    this.time.offer(offer);
    if (this.#budget.crashes > 0) this.#offerDeaths(offer);
  }

  #offerDeaths(offer: Offer): void {
    for (const actor of this.running()) {
      // To all others, a crash before a read looks the same as a crash after it.
      if (actor.calls.every(({ call }) => isRead(call))) continue;
      const die = () => {
        this.#budget.crashes--;
        this.end(actor, 'crashed');
      };
      offer(`${actor.name} dies`, die, { actor, spends: 'crashes' });
    }
  }

  /** Continues until no actor waits for a response. */
  async answerAll(): Promise<void> {
    for (;;) {
      await atRest();
      const actor = this.running().find(({ calls }) => calls.length > 0);
      const [pending] = actor?.calls ?? [];
      if (!actor || !pending) return;
      this.answers.answer(actor, pending);
    }
  }

  /** Equal for equal states. */
  state(): unknown {
    return [
      this.#actors
        .filter(({ isOver }) => !isOver)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, status, mayBeLost, startedAt, memory, calls }) => [
          name,
          status,
          mayBeLost,
          startedAt,
          memory,
          calls.map(({ call, judged }) => [call, judged]),
        ]),
      [this.answers.state(), this.time.state(), this.#budget, this.hadCrash],
    ];
  }
}
