/** A scheduler's clock: an alarm belongs to the actor that sets it, and ends with the actor. */
import { ManualClock } from '../../lib/testing';
import type { Actor } from './actor';
import { atRest } from './at-rest';

export class ActorClock extends ManualClock {
  /** The running actor, which owns the calls and alarms that start now. */
  current: Actor | undefined;

  override after(milliseconds: number, callback: () => void): () => void {
    const actor = this.current;
    const cancel = super.after(milliseconds, () => {
      this.current = actor;
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
