/**
 * The one place that decides on injected faults. The parts of the runtime ask it case by case; with the same seed and the
 * same order of cases it gives the same answers, and no fault's cases disturb another's.
 */
import type { FaultName, FaultSettings } from './fault-settings';
import { seededRandom } from './seeded-random';

export const DEFAULT_SEED = 1;

interface Count {
  struck: number;
  cases: number;
}

export class Faults {
  readonly #settings: FaultSettings;
  readonly #seed: number;
  readonly #random = new Map<FaultName, () => number>();
  readonly #counts = new Map<FaultName, Count>();
  readonly #whenStopped: (() => void)[] = [];
  #isStopped = false;

  /** @param seed a whole number */
  constructor(settings: FaultSettings, seed: number = DEFAULT_SEED) {
    this.#settings = settings;
    this.#seed = seed;
    for (const name of this.#names) {
      this.#random.set(name, seededRandom(`${seed}/${name}`));
      this.#counts.set(name, { struck: 0, cases: 0 });
    }
  }

  /** Whether the fault was asked for. */
  has(name: FaultName): boolean {
    return this.#settings[name] !== undefined;
  }

  /** Decides one case of a fault whose value is a share. */
  strikes(name: FaultName): boolean {
    const share = this.#settings[name];
    if (share === undefined || this.#isStopped) return false;
    return this.#count(name, this.random(name) < share);
  }

  /** Decides one case of a fault whose value is seconds: how long it lasts. 0 if it was not asked for. */
  delayMillis(name: FaultName): number {
    const seconds = this.#settings[name];
    if (seconds === undefined || this.#isStopped) return 0;
    this.#count(name, true);
    return seconds * 1000;
  }

  /** From 0 to below 1, of the fault's own stream. */
  random(name: FaultName): number {
    return this.#random.get(name)?.() ?? 0;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From now on nothing is injected, and what lasts (half-open lines) comes to its end. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const callback of this.#whenStopped) callback();
  }

  whenStopped(callback: () => void): void {
    this.#whenStopped.push(callback);
  }

  /** `Faults, seed 1: lost-disconnect=0.5, throttled=0.1` */
  describe(): string {
    const settings = this.#names.map((name) => `${name}=${this.#settings[name]}`);
    return `Faults, seed ${this.#seed}: ${settings.join(', ')}`;
  }

  /** `Faults: lost-disconnect 12 of 25, throttled 3 of 410`: how often each has struck so far. */
  summary(): string {
    const counts = [...this.#counts].map(([name, { struck, cases }]) => `${name} ${struck} of ${cases}`);
    return `Faults: ${counts.join(', ')}`;
  }

  get #names(): FaultName[] {
    return (Object.keys(this.#settings) as FaultName[]).filter((name) => this.has(name));
  }

  #count(name: FaultName, struck: boolean): boolean {
    const count = this.#counts.get(name);
    if (count) {
      count.cases += 1;
      if (struck) count.struck += 1;
    }
    return struck;
  }
}
