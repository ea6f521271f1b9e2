/** The clock of a scheduler: alarms belong to whoever sets them, and die with that one. */
import { ManualClock } from '../../lib/testing';
import type { Actor } from './actor';
import { atRest } from './at-rest';

export class ActorClock extends ManualClock {
  /** Whoever is running: calls and alarms that come up now are this one's. */
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
