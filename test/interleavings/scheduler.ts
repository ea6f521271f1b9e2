/** Holds back every call of every actor, and offers what may happen next: an answer, a death, a delay, time. */
import { type Call, type Intercept, ManualClock } from '../../lib/testing';
import type { Actor, PendingCall } from './actor';
import { atRest } from './at-rest';
import { isRead, type Touch } from './independence';
import type { Budget } from './scenario';

const LAMBDA_RETRY_MILLISECONDS = 60_000;
/** Longer than between two heartbeats, and shorter than a lease. */
const LAG_MILLISECONDS = 16_000;
/** As long as one of the gateway's hosts, or a caller, may keep an invocation waiting. */
const STALL_MILLISECONDS = 31_000;
/** Without a write by then, whoever looks again and again would do so for ever. */
const LONGEST_LOOK_MILLISECONDS = 10 * 60_000;

/** `touch` tells what the choice is about, if that is little. @default everything, such as time */
export type Offer = (choice: string, action: () => void | Promise<void>, touch?: Touch) => void;

/** What the scheduler must know of its surroundings. */
export interface Surroundings {
  /** Whether another host of the gateway may still not know this connection. */
  isYoung(webSocketId: string): boolean;
  /** Whether something is about to happen that takes no time: then time does not go on by itself. */
  isAboutToHappen(): boolean;
  /** Whether a client is connected, or may still be. */
  hasClients(): boolean;
  /** Whether somebody looks again and again: see `Scenario.polls`. */
  readonly polls: boolean;
  /** An actor has died or failed. */
  ended(actor: Actor): void;
}

export class Scheduler {
  readonly clock: ManualClock;
  /** Whoever is running: calls and alarms that come up now are this one's. */
  current: Actor | undefined;
  /** Whether anybody died or failed: then a hook may have to run again. */
  hadCrash = false;
  /** Whether anybody had to wait for longer than a lease: then another may have gone on. */
  hadStall = false;
  /** Whether a copy has come late: like a dead poster's, a lease taken by it is nobody's. */
  hadLateCopy = false;
  /** Calls go through at once: before the exploration, and after it. */
  calm = true;
  readonly #budget: Budget;
  readonly #surroundings: Surroundings;
  readonly #actors: Actor[] = [];
  #late: PendingCall[] = [];
  #retries: { at: number; actor: Actor; start: () => void }[] = [];
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
      lags: 0,
      stalls: 0,
      waits: 0,
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
      if (actor.status === 'ready' && actor.mayBegin()) {
        offer(`${actor.name} begins`, () => this.begin(actor), { actor });
        if (actor.mayBeLost) offer(`${actor.name} is lost`, () => actor.end('lost'), { actor });
      }
      for (const call of actor.calls) this.#offerAnswers(offer, actor, call);
    }
    this.#offerTime(offer);
    if (this.#budget.crashes === 0) return;
    for (const actor of this.#running()) {
      // To die before a call that only reads looks the same to everybody as to die after it.
      if (actor.calls.every(({ call }) => isRead(call))) continue;
      const die = () => {
        this.#budget.crashes--;
        this.#end(actor, 'crashed');
      };
      offer(`${actor.name} dies`, die, { actor, spends: 'crashes' });
    }
  }

  /** Copies on their way may arrive now; if nothing else is left to happen, they may also come after the end. */
  offerLate(offer: Offer, nothingElse: boolean): void {
    if (this.#isOver) return;
    for (const late of this.#late) {
      const apply = () => {
        this.#late = this.#late.filter((other) => other !== late);
        this.hadLateCopy = true;
        late.apply();
      };
      offer(`a late copy of ${shown(late.call)} takes effect`, apply, { call: late.call });
    }
    if (nothingElse && this.#late.length > 0) {
      offer('the late copies come after the end', () => {
        this.#isOver = true;
      });
    }
  }

  /** Goes on until nobody waits for an answer. */
  async answerAll(): Promise<void> {
    for (;;) {
      await atRest();
      const actor = this.#running().find(({ calls }) => calls.length > 0);
      const [pending] = actor?.calls ?? [];
      if (!actor || !pending) return;
      this.#answer(actor, pending, pending.apply);
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
      this.#late.map(({ name }) => name),
      this.#retries.map(({ at, actor }) => [at, actor.name]),
      [
        this.clock.now(),
        this.clock.alarms,
        this.#budget,
        this.hadCrash,
        this.hadStall,
        this.hadLateCopy,
        this.#isOver,
      ],
    ];
  }

  #offerAnswers(offer: Offer, actor: Actor, pending: PendingCall): void {
    const { call, apply } = pending;
    const name = `${actor.name}: ${pending.judged ? 'the slow answer to ' : ''}${shown(call)}`;
    const isInvocation = call.operation.startsWith('invoke');
    const isWrite = call.to === 'table' && !isRead(call);
    const answer = (effect: () => unknown) => this.#answer(actor, pending, effect);
    offer(name, () => answer(apply), { actor, call });
    if (pending.judged) return;
    const worse = (what: string, spends: keyof Budget, action: () => void) => {
      if (this.#budget[spends] === 0) return;
      const spend = () => {
        this.#budget[spends]--;
        action();
      };
      offer(`${name}, ${what}`, spend, { actor, call, spends });
    };
    const goesWrong = call.subject.startsWith(this.goesWrong);
    if (goesWrong && (isWrite || isInvocation)) {
      worse('whose answer is lost and which is repeated', 'repeats', () => {
        apply();
        answer(apply);
      });
    }
    if (goesWrong && isWrite) {
      worse('while a copy of it is late', 'lateCopies', () => {
        this.#late.push(pending);
        answer(apply);
      });
    }
    if (call.to === 'gateway' || isInvocation) {
      worse('whose answer is slow', 'slowAnswers', () => {
        const judged = apply();
        pending.judged = [judged];
        pending.apply = () => judged;
      });
    }
    if (call.to === 'gateway' && this.#surroundings.isYoung(call.subject)) {
      worse('at a host that does not know it yet', 'staleHosts', () => {
        answer(() => (call.operation === 'GET' ? undefined : 'gone'));
      });
    }
  }

  #offerTime(offer: Offer): void {
    const isWaiting = this.#running().some(({ calls }) => calls.length > 0);
    const isAboutToHappen = this.#surroundings.isAboutToHappen();
    const isReady = this.#actors.some((actor) => actor.status === 'ready' && actor.mayBegin());
    const needsTick = isWaiting || isAboutToHappen || isReady;
    const next = this.#nextTime();
    if (this.#surroundings.polls) {
      const isFree = !this.#surroundings.hasClients() && !isReady;
      if (next < Infinity && !isWaiting && !isAboutToHappen && (isFree || this.#budget.waits > 0)) {
        offer('time passes, and nobody does more than look', () => {
          if (!isFree) this.#budget.waits--;
          return this.onlyLook();
        });
      }
    } else if (next < Infinity && (!needsTick || this.#budget.ticks > 0)) {
      const milliseconds = next - this.clock.now();
      offer(`${milliseconds} ms pass`, () => {
        if (needsTick) this.#budget.ticks--;
        return this.#pass(milliseconds);
      });
    }
    if (!isWaiting || isAboutToHappen) return;
    if (this.#budget.lags > 0) {
      offer(`${LAG_MILLISECONDS / 1000} s pass`, () => {
        this.#budget.lags--;
        return this.#pass(LAG_MILLISECONDS);
      });
    }
    if (this.#budget.stalls > 0) {
      offer(`${STALL_MILLISECONDS / 1000} s pass`, () => {
        this.#budget.stalls--;
        this.hadStall = true;
        return this.#pass(STALL_MILLISECONDS);
      });
    }
  }

  #nextTime(): number {
    return Math.min(this.clock.nextAlarm ?? Infinity, ...this.#retries.map(({ at }) => at));
  }

  /** What only reads is answered at once, until somebody is about to do more, or to begin. */
  async onlyLook(): Promise<void> {
    const end = this.clock.now() + LONGEST_LOOK_MILLISECONDS;
    for (;;) {
      const calls = this.#running().flatMap((actor) => actor.calls.map((pending) => ({ actor, pending })));
      if (!calls.every(({ pending }) => isRead(pending.call))) return;
      const [look] = calls;
      const next = this.#nextTime();
      if (look) {
        this.#answer(look.actor, look.pending, look.pending.apply);
        await atRest();
      } else if (next > end || this.#surroundings.isAboutToHappen()) {
        return;
      } else {
        await this.#pass(next - this.clock.now());
      }
    }
  }

  #answer(actor: Actor, pending: PendingCall, effect: () => unknown): void {
    this.current = actor;
    // What it does next may depend on the time that it sees now.
    actor.answer(pending, `${this.clock.now()} ${shown(pending.call)}`, effect);
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
      this.#retries.push({ at: this.clock.now() + LAMBDA_RETRY_MILLISECONDS, actor, start: actor.again });
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
      actor?.alarms.delete(cancel);
      actor?.remember(`${this.now()} alarm`);
      callback();
    });
    actor?.alarms.add(cancel);
    return () => {
      actor?.alarms.delete(cancel);
      cancel();
    };
  }

  protected override settled(): Promise<void> {
    return atRest();
  }
}

function shown({ operation, subject }: Call): string {
  return `${operation} ${subject}`;
}
