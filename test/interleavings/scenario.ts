/** A scenario to explore: its actors, and how often each fault may occur. */
import type { HandlerOptions } from '../../lib';
import type { ServerClass } from '../../lib/server/server-class';
import type { Condition } from '../../lib/table/conditions';
import type { Item } from '../../lib/table/item';
import type { ServiceWorld } from './service-world';

/** How often each fault may occur on one path. */
export interface Budget {
  /** An invocation crashes at its current step. */
  crashes: number;
  /** A call takes effect, but its response is lost, and the SDK repeats the call. */
  repeats: number;
  /** A call is repeated, and its first copy takes effect at any later time, even after everything else. */
  lateCopies: number;
  /** A host responds with 410 for a connection that was just opened at another host. */
  staleHosts: number;
  /** The gateway responds long after it has decided. */
  slowAnswers: number;
  /** Time passes while an actor waits for a response. */
  ticks: number;
  /** 15 s pass while an actor waits for a response: longer than the pause between two heartbeats. */
  lags: number;
  /** 30 s pass while an actor waits for a response. */
  stalls: number;
  /** For scenarios that poll: time passes until an actor is about to write, although a client may still act. */
  waits: number;
}

export interface ClientScript {
  /** Whether it has been connected for a minute when the exploration begins. */
  connected?: boolean;
  /** The web session of its handshake. @default none */
  session?: string;
  /** Text frames that it sent before the exploration begins, if it was connected then. */
  hasSent?: string[];
  /** Text frames that it sends one after the other, at any time while it is connected. */
  sends?: string[];
  /** Whether it sends the next one before the previous one was handled. @default false */
  sideBySide?: boolean;
  /** Whether it may leave, and whether `$disconnect` then runs. @default 'never' */
  leaves?: 'never' | 'told' | 'told or not';
  /** Whether it may leave while `$connect` runs. `$disconnect` then runs. @default false */
  leavesEarly?: boolean;
  /** Whether it may also stay to the end. @default false */
  mayStay?: boolean;
}

export interface Scenario {
  makeServerClass: (world: ServiceWorld) => ServerClass;
  upkeep?: HandlerOptions['upkeep'];
  /**
   * An actor polls: time passes by itself until an actor is about to do more than read, and without a limit only when
   * every client has left.
   * @default false: time passes to the next alarm
   */
  polls?: boolean;
  /** Each message is handled in an environment without memory. @default one environment for all */
  freshEnvironments?: boolean;
  /** How often time has passed before the exploration begins, with every loop running. @default no loop has started */
  waitsBefore?: number;
  /** Lambda stops an invocation of the server function after this time. @default 120,000 */
  serverLimitMilliseconds?: number;
  clients: Record<string, ClientScript>;
  /** How long nothing has happened when the exploration begins. @default 0 */
  idleMilliseconds?: number;
  /** Processes that start at any time, by name. */
  others?: Record<string, (world: ServiceWorld) => Promise<unknown>>;
  /** They start only after an actor has waited for 30 s. @default false */
  othersBeginAfterStall?: boolean;
  budget?: Partial<Budget>;
  /** Only calls whose subject begins with this are repeated or delayed. @default all */
  goesWrong?: string;
  /**
   * 30 s pass only while an actor waits for the response to such a call: `operation subject`, or the beginning of it.
   * @default any
   */
  stallsAt?: string;
  /** Such calls may take any time, while the clock advances to the next alarm. @default none */
  takesLong?: string;
  /** Additional faults in the slow tests, where such a case may be too large to be explored completely. */
  largerBudget?: Partial<Budget>;
  /** Whether it takes seconds. @default false */
  slow?: boolean;
  /** Whether it has more than 9,000 states. The slow tests explore up to `EXPLORED_STATES` of them. @default false */
  large?: boolean;
  /** What is wrong at any moment, in addition to the checks of every scenario. */
  wrongNow?: (world: ServiceWorld) => string | undefined;
  /** What is wrong at the end, in addition to the checks of every scenario. Called again after two sweeps. */
  wrongAtRest?: (world: ServiceWorld) => string | undefined;
  /** What happens after the end and two sweeps, and what is wrong then. */
  lastly?: (world: ServiceWorld) => Promise<string | undefined>;
  /** Removes a condition, to check that this is noticed. */
  mutate?: Mutation;
  /** Changes what is read of an item, to check that this is noticed. */
  misread?: (item: Item) => Item;
  /**
   * Queries of this partition miss what was last put into it, as inconsistent queries may, to check that this is
   * noticed.
   */
  stalePartition?: string;
}

/**
 * `operation` is `put`, `delete`, or `update` with the first attribute that is added to, set or removed. `kind` is
 * the first part of the item's sort key.
 */
export type Mutation = (operation: string, kind: string, condition: Condition) => Condition;
