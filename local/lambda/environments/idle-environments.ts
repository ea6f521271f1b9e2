/** The idle environments of a pool. They end after a while, except the last one. */
import type { Alarm, Clock } from '../../clock';
import type { Environment } from './environment';

interface IdleEnvironment {
  environment: Environment;
  order: number;
  reaper: Alarm;
}

export class IdleEnvironments {
  readonly #clock: Clock;
  readonly #idleMillis: number;
  /** The oldest environment is last and is used first, so that its code gets optimized and the others can expire. */
  #idle: IdleEnvironment[] = [];
  #usedAt = 0;

  constructor(clock: Clock, idleMillis: number) {
    this.#clock = clock;
    this.#idleMillis = idleMillis;
  }

  get count(): number {
    return this.#idle.length;
  }

  /** When one was last added, by the clock; undefined if there is none. */
  get restsSince(): number | undefined {
    return this.#idle.length === 0 ? undefined : this.#usedAt;
  }

  /** @param order the number of environments of the pool that were started earlier */
  add(environment: Environment, order: number): void {
    const reaper = this.#clock.after(this.#idleMillis, () => this.#reap(environment));
    this.#usedAt = this.#clock.now();
    this.#idle.push({ environment, order, reaper });
    this.#idle.sort((a, b) => b.order - a.order);
  }

  /** The one that was started first. */
  takeOldest(): Environment | undefined {
    const oldest = this.#idle.pop();
    oldest?.reaper.cancel();
    return oldest?.environment;
  }

  /** Ends the one that was started last. False if there is none. */
  endYoungest(): boolean {
    const youngest = this.#idle.shift();
    youngest?.reaper.cancel();
    void youngest?.environment.end();
    return youngest !== undefined;
  }

  /** Ends an environment after a long idle time, unless it is the only idle one. */
  #reap(environment: Environment): void {
    if (this.#idle.length < 2) return;
    this.#idle = this.#idle.filter((idle) => idle.environment !== environment);
    void environment.end();
  }
}
