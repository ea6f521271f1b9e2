/** Holds back every call of every actor, and offers what may happen next: an answer, a death, a delay, time. */
import { type Call, type Intercept, ManualClock } from '../../lib/testing';
import type { Actor, PendingCall } from './actor';
import type { Budget } from './scenario';

const LAMBDA_RETRY_MILLISECONDS = 60_000;
/** As long as one of the gateway's hosts, or a caller, may keep an invocation waiting. */
const STALL_MILLISECONDS = 31_000;

export type Offer = (choice: string, action: () => void | Promise<void>) => void;

/** What the scheduler must know of its surroundings. */
export interface Surroundings {
  /** Whether another host of the gateway may still not know this connection. */
  isYoung(webSocketId: string): boolean;
  /** Whether something is about to happen that takes no time: then time does not go on by itself. */
  isAboutToHappen(): boolean;
  /** An actor has died or failed. */
  ended(actor: Actor): void;
}

export class Scheduler {
  readonly clock: ManualClock;
  /** Whoever is running: calls and alarms that come up now are this one's. */
  current: Actor | undefined;
  /** Whether anybody died or failed: then a hook may have to run again. */
  hadCrash = false;
  /** Calls go through at once: before the exploration, and after it. */
  calm = true;
  readonly #budget: Budget;
  readonly #surroundings: Surroundings;
  readonly #actors: Actor[] = [];
  #late: PendingCall[] = [];
  #retries: { at: number; start: () => void }[] = [];
  #isOver = false;

  /** Only calls whose subject begins with `goesWrong` are repeated or late. */
  constructor(
    budget: Partial<Budget>,
    surroundings: Surroundings,
    now: number,
    private readonly goesWrong = '',
  ) {
    const none = {
      crashes: 0,
      repeats: 0,
      lateCopies: 0,
      staleHosts: 0,
      slowAnswers: 0,
      ticks: 0,
      stalls: 0,
    };
    this.#budget = { ...none, ...budget };
    this.#surroundings = surroundings;
    this.clock = new ActorClock(this, now);
  }

  /** Begins at any time from now on. */
  add(actor: Actor): void {
    this.#actors.push(actor);
  }

  begin(actor: Actor): void {
    if (!this.#actors.includes(actor)) this.#actors.push(actor);
    this.current = actor;
    actor.begin(this.clock.now(), () => this.#end(actor, 'failed'));
  }

  isBusy(prefix: string): boolean {
    return this.#running().some(({ name }) => name.startsWith(prefix));
  }

  readonly intercept: Intercept = <T>(call: Call, apply: () => T) => {
    const actor = this.current;
    if (this.calm || !actor) return Promise.resolve().then(apply);
    return actor.ask(call, apply);
  };

  offerAll(offer: Offer): void {
    if (this.#isOver) return;
    for (const actor of this.#actors) {
      if (actor.status === 'ready') offer(`${actor.name} begins`, () => this.begin(actor));
      for (const call of actor.calls) this.#offerAnswers(offer, actor, call);
    }
    this.#offerTime(offer);
    if (this.#budget.crashes === 0) return;
    for (const actor of this.#running()) {
      offer(`${actor.name} dies`, () => {
        this.#budget.crashes--;
        this.#end(actor, 'crashed');
      });
    }
  }

  /** Copies on their way may arrive now; if nothing else is left to happen, they may also come after the end. */
  offerLate(offer: Offer, nothingElse: boolean): void {
    if (this.#isOver) return;
    for (const late of this.#late) {
      offer(`a late copy of ${shown(late.call)} takes effect`, () => {
        this.#late = this.#late.filter((other) => other !== late);
        late.apply();
      });
    }
    if (nothingElse && this.#late.length > 0) {
      offer('the late copies come after the end', () => {
        this.#isOver = true;
      });
    }
  }

  /** Lambda's retries, in their order, each in its time. */
  async retryAll(run: (start: () => void) => Promise<void>): Promise<void> {
    for (const { start } of this.#retries.splice(0)) {
      await this.clock.advance(LAMBDA_RETRY_MILLISECONDS);
      await run(start);
    }
  }

  /** What is still on its way arrives. */
  applyLate(): void {
    for (const { apply } of this.#late.splice(0)) apply();
  }

  /** Equal for equal states. */
  state(): unknown {
    return [
      this.#actors.map(({ name, status, startedAt, memory, calls }) => [
        name,
        status,
        startedAt,
        memory,
        calls.map(({ call, judged }) => [call, judged]),
      ]),
      this.#late.map(({ name }) => name),
      [this.clock.now(), this.clock.alarms, this.#retries.map(({ at }) => at), this.#budget, this.#isOver],
    ];
  }

  #offerAnswers(offer: Offer, actor: Actor, pending: PendingCall): void {
    const { call, apply } = pending;
    const name = `${actor.name}: ${pending.judged ? 'the slow answer to ' : ''}${shown(call)}`;
    const isWrite = call.to === 'table' && call.operation !== 'get' && call.operation !== 'query';
    const answer = (effect: () => unknown) => {
      this.current = actor;
      // What it does next may depend on the time that it sees now.
      actor.answer(pending, `${this.clock.now()} ${shown(call)}`, effect);
    };
    offer(name, () => answer(apply));
    if (pending.judged) return;
    const goesWrong = call.subject.startsWith(this.goesWrong);
    if (this.#budget.repeats > 0 && goesWrong && (isWrite || call.operation.startsWith('invoke'))) {
      offer(`${name}, whose answer is lost and which is repeated`, () => {
        this.#budget.repeats--;
        apply();
        answer(apply);
      });
    }
    if (this.#budget.lateCopies > 0 && goesWrong && isWrite) {
      offer(`${name}, while a copy of it is late`, () => {
        this.#budget.lateCopies--;
        this.#late.push(pending);
        answer(apply);
      });
    }
    if (this.#budget.slowAnswers > 0 && call.to === 'gateway') {
      offer(`${name}, whose answer is slow`, () => {
        this.#budget.slowAnswers--;
        const judged = apply();
        pending.judged = [judged];
        pending.apply = () => judged;
      });
    }
    if (this.#budget.staleHosts > 0 && call.to === 'gateway' && this.#surroundings.isYoung(call.subject)) {
      offer(`${name}, at a host that does not know it yet`, () => {
        this.#budget.staleHosts--;
        answer(() => (call.operation === 'GET' ? undefined : 'gone'));
      });
    }
  }

  #offerTime(offer: Offer): void {
    const isWaiting = this.#running().some(({ calls }) => calls.length > 0);
    const isAboutToHappen = this.#surroundings.isAboutToHappen();
    const isReady = this.#actors.some(({ status }) => status === 'ready');
    const needsTick = isWaiting || isAboutToHappen || isReady;
    const next = Math.min(this.clock.nextAlarm ?? Infinity, ...this.#retries.map(({ at }) => at));
    if (next < Infinity && (!needsTick || this.#budget.ticks > 0)) {
      const milliseconds = next - this.clock.now();
      offer(`${milliseconds} ms pass`, () => {
        if (needsTick) this.#budget.ticks--;
        return this.#pass(milliseconds);
      });
    }
    if (this.#budget.stalls > 0 && isWaiting && !isAboutToHappen) {
      offer(`${STALL_MILLISECONDS / 1000} s pass`, () => {
        this.#budget.stalls--;
        return this.#pass(STALL_MILLISECONDS);
      });
    }
  }

  /** Lambda ends what has run too long; what it tries again comes up when its time has come. */
  async #pass(milliseconds: number): Promise<void> {
    const end = this.clock.now() + milliseconds;
    for (const actor of this.#running()) {
      if (actor.startedAt + actor.limitMilliseconds < end) this.#end(actor, 'crashed');
    }
    await this.clock.advance(milliseconds);
    const due = this.#retries.filter(({ at }) => at <= end);
    this.#retries = this.#retries.filter(({ at }) => at > end);
    for (const { start } of due) start();
  }

  #end(actor: Actor, status: 'crashed' | 'failed'): void {
    this.hadCrash = true;
    actor.end(status);
    this.#surroundings.ended(actor);
    if (actor.again) {
      this.#retries.push({ at: this.clock.now() + LAMBDA_RETRY_MILLISECONDS, start: actor.again });
    }
  }

  #running(): Actor[] {
    return this.#actors.filter(({ status }) => status === 'running');
  }
}

/** Alarms belong to whoever sets them, and die with that one. */
class ActorClock extends ManualClock {
  constructor(
    private readonly scheduler: Scheduler,
    now: number,
  ) {
    super(now);
  }

  override after(milliseconds: number, callback: () => void): () => void {
    const actor = this.scheduler.current;
    const cancel = super.after(milliseconds, () => {
      this.scheduler.current = actor;
      actor?.remember(`${this.now()} alarm`);
      callback();
    });
    actor?.alarms.push(cancel);
    return cancel;
  }
}

function shown({ operation, subject }: Call): string {
  return `${operation} ${subject}`;
}
