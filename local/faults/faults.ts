/**
 * Decides, case by case, whether to inject a fault. With the same seed and the same order of cases, the decisions are
 * the same. Each fault has a sequence of its own.
 */
import type { Log } from '../log';
import type { FaultName, FaultSettings } from './fault-settings';
import { seededRandom } from './seeded-random';

export const DEFAULT_SEED = 1;

/** An active fault. */
export interface ActiveFault {
  name: FaultName;
  value: number;
  /** How many cases were affected so far. */
  struck: number;
  cases: number;
}

interface Active extends ActiveFault {
  random(): number;
}

export class Faults {
  readonly seed: number;
  readonly #log: Pick<Log, 'info'> | undefined;
  readonly #active = new Map<FaultName, Active>();
  readonly #whenStruck = new Set<(name: FaultName, subject?: string) => void>();
  readonly #whenOff = new Map<FaultName, (() => void)[]>();
  #isStopped = false;

  /**
   * @param seed a whole number
   * @param log gets a line for each affected case. @default none
   */
  constructor(settings: FaultSettings = {}, seed: number = DEFAULT_SEED, log?: Pick<Log, 'info'>) {
    this.seed = seed;
    this.#log = log;
    for (const [name, value] of Object.entries(settings)) this.switchOn(name as FaultName, value);
  }

  /** Turns a fault on, or changes its value. Its sequence starts again. */
  switchOn(name: FaultName, value: number): void {
    const random = seededRandom(`${this.seed}/${name}`);
    this.#active.set(name, { name, value, random, struck: 0, cases: 0 });
  }

  /** Turns a fault off, and ends its lasting effects (half-open connections). False if it was not on. */
  switchOff(name: FaultName): boolean {
    const wasOn = this.#active.delete(name);
    if (wasOn) for (const callback of this.#whenOff.get(name) ?? []) callback();
    return wasOn;
  }

  isOn(name: FaultName): boolean {
    return !this.#isStopped && this.#active.has(name);
  }

  list(): ActiveFault[] {
    return [...this.#active.values()].map(({ random: _, ...fault }) => fault);
  }

  /** Decides whether a fault with a share strikes this case. `subject` names what it affects, for the log. */
  strikes(name: FaultName, subject?: string): boolean {
    const fault = this.#active.get(name);
    if (!fault || this.#isStopped) return false;
    return this.#count(fault, fault.random() < fault.value, subject);
  }

  /** The duration for a case of a fault whose value is in seconds. 0 if the fault is not on. */
  delayMillis(name: FaultName, subject?: string): number {
    const fault = this.#active.get(name);
    if (!fault || this.#isStopped) return 0;
    this.#count(fault, true, subject);
    return fault.value * 1000;
  }

  /** From 0 to below 1, from the fault's own sequence. */
  random(name: FaultName): number {
    return this.#active.get(name)?.random() ?? 0;
  }

  /** Turns all faults off, and ends their lasting effects (half-open connections). */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const callbacks of this.#whenOff.values()) for (const callback of callbacks) callback();
  }

  /** Calls back for each affected case. Returns a function that ends this. */
  whenStruck(callback: (name: FaultName, subject?: string) => void): () => void {
    this.#whenStruck.add(callback);
    return () => void this.#whenStruck.delete(callback);
  }

  /** Calls back when the fault is turned off. */
  whenOff(name: FaultName, callback: () => void): void {
    this.#whenOff.set(name, [...(this.#whenOff.get(name) ?? []), callback]);
  }

  /** `Faults, seed 1: lost-disconnect=0.5, throttled=0.1` */
  describe(): string {
    const settings = this.list().map(({ name, value }) => `${name}=${value}`);
    return `Faults, seed ${this.seed}: ${settings.join(', ') || 'none'}`;
  }

  /** `Faults: lost-disconnect 12 of 25, throttled 3 of 410`: how often each has occurred so far. */
  summary(): string {
    const counts = this.list().map(({ name, struck, cases }) => `${name} ${struck} of ${cases}`);
    return `Faults: ${counts.join(', ') || 'none'}`;
  }

  #count(fault: Active, isStruck: boolean, subject: string | undefined): boolean {
    fault.cases += 1;
    if (isStruck) {
      fault.struck += 1;
      for (const callback of this.#whenStruck) callback(fault.name, subject);
      this.#log?.info(`Fault ${fault.name}${subject === undefined ? '' : `: ${subject}`}`);
    }
    return isStruck;
  }
}
