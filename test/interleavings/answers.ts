/** How calls are answered: correctly, or after a fault on the way. */
import type { Call } from '../../lib/testing';
import type { Actor, PendingCall } from './actor';
import type { ActorClock } from './actor-clock';
import { isRead, type Offer } from './independence';
import type { Budget } from './scenario';

export class Answers {
  /** Whether a copy arrived late. A lease that such a copy takes belongs to nobody, like that of a crashed poster. */
  hadLateCopy = false;
  /** Whether no more copies arrive. */
  isOver = false;
  #late: PendingCall[] = [];

  /** Only calls whose subject begins with `goesWrong` are repeated or delayed. */
  constructor(
    private readonly clock: ActorClock,
    private readonly budget: Budget,
    /** Whether another host of the gateway may not know this connection yet. */
    private readonly isYoung: (webSocketId: string) => boolean,
    private readonly goesWrong: string,
  ) {}

  answer(actor: Actor, pending: PendingCall, effect: () => unknown = pending.apply): void {
    this.clock.current = actor;
    // The actor's next step may depend on the current time.
    actor.answer(pending, `${this.clock.now()} ${shown(pending.call)}`, effect);
  }

  offer(offer: Offer, actor: Actor, pending: PendingCall): void {
    const { call, apply } = pending;
    const name = `${actor.name}: ${pending.judged ? 'the slow answer to ' : ''}${shown(call)}`;
    const isInvocation = call.operation.startsWith('invoke');
    const isWrite = call.to === 'table' && !isRead(call);
    const answer = (effect: () => unknown) => this.answer(actor, pending, effect);
    offer(name, () => answer(apply), { actor, call });
    if (pending.judged) return;
    const worse = (what: string, spends: keyof Budget, action: () => void) => {
      if (this.budget[spends] === 0) return;
      const spend = () => {
        this.budget[spends]--;
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
    if (call.to === 'gateway' && this.isYoung(call.subject)) {
      worse('at a host that does not know it yet', 'staleHosts', () => {
        answer(() => (call.operation === 'GET' ? undefined : 'gone'));
      });
    }
  }

  /** Delayed copies may arrive now. If nothing else is left to happen, they may also arrive after the end. */
  offerLate(offer: Offer, nothingElse: boolean): void {
    if (this.isOver) return;
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
        this.isOver = true;
      });
    }
  }

  /** Delivers all delayed copies. */
  applyLate(): void {
    for (const { apply } of this.#late.splice(0)) apply();
  }

  /** Equal for equal states. */
  state(): unknown {
    return [this.#late.map(({ name }) => name), this.hadLateCopy, this.isOver];
  }
}

export function shown({ operation, subject }: Call): string {
  return `${operation} ${subject}`;
}
