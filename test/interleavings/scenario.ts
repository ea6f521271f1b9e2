/** What is explored: who takes part, and what may go wrong how often. */
import type { HandlerOptions } from '../../lib';
import type { ServerClass } from '../../lib/server/server-class';
import type { Condition } from '../../lib/table/conditions';
import type { Item } from '../../lib/table/item';
import type { ServiceWorld } from './service-world';

/** How often what can go wrong goes wrong on one path. */
export interface Budget {
  /** An invocation dies where it stands. */
  crashes: number;
  /** A call took effect, its answer was lost, and the SDK repeated it. */
  repeats: number;
  /** A call was repeated, and its first copy takes effect at any time later, even after all else. */
  lateCopies: number;
  /** A host answers 410 for a connection that has just opened at another. */
  staleHosts: number;
  /** The gateway answers long after it has judged. */
  slowAnswers: number;
  /** Time goes on while somebody waits for an answer. */
  ticks: number;
  /** A quarter of a minute passes while somebody waits for an answer: longer than between two heartbeats. */
  lags: number;
  /** Half a minute passes while somebody waits for an answer. */
  stalls: number;
  /** Where somebody polls: time goes on until somebody is about to write, although a client may still do something. */
  waits: number;
}

export interface ClientScript {
  /** Already connected, for a minute, when the exploration begins. */
  connected?: boolean;
  /** The web session from which it connects. @default none */
  session?: string;
  /** Text frames that it has sent before the exploration begins; only of one that was connected. */
  hasSent?: string[];
  /** Text frames, sent one after the other at any time while it is connected. */
  sends?: string[];
  /** Whether it sends the next one while the last one is still handled. @default false */
  sideBySide?: boolean;
  /** Whether it may leave, and whether `$disconnect` is told of it then. @default 'never' */
  leaves?: 'never' | 'told' | 'told or not';
  /** Whether it may leave while `$connect` runs; `$disconnect` is told of it. @default false */
  leavesEarly?: boolean;
  /** Whether it may also stay to the end. @default false */
  mayStay?: boolean;
}

export interface Scenario {
  makeServerClass: (world: ServiceWorld) => ServerClass;
  upkeep?: HandlerOptions['upkeep'];
  /**
   * Somebody looks again and again: then time goes on by itself until somebody is about to do more than look, and without bound
   * only when every client has gone.
   * @default false: it goes on to the next alarm
   */
  polls?: boolean;
  /** Each message is handled in an environment that remembers nothing. @default one environment for all */
  freshEnvironments?: boolean;
  /** How often time has gone on so before the exploration begins, with every loop running. @default no loop has begun */
  waitsBefore?: number;
  /** After this Lambda ends an invocation of the server function. @default 120,000 */
  serverLimitMilliseconds?: number;
  clients: Record<string, ClientScript>;
  /** How long nothing has happened when the exploration begins. @default 0 */
  idleMilliseconds?: number;
  /** Processes that begin at any time, by name. */
  others?: Record<string, (world: ServiceWorld) => Promise<unknown>>;
  /** They begin only when somebody has waited for half a minute. @default false */
  othersBeginAfterStall?: boolean;
  budget?: Partial<Budget>;
  /** Only calls about what begins so are repeated or late. @default all */
  goesWrong?: string;
  /** Only while somebody waits for an answer to such a call does half a minute pass: `operation subject`, or its beginning. @default any */
  stallsAt?: string;
  /** Such calls may take as long as they like: meanwhile time goes on, to the next alarm. @default none */
  takesLong?: string;
  /** What goes wrong more often in the slow lane, where such a case may be too large to be explored to its end. */
  largerBudget?: Partial<Budget>;
  /** It takes seconds. @default false */
  slow?: boolean;
  /** It has more than 9,000 states: the slow lane explores as many as of a larger budget, `EXPLORED_STATES`. @default false */
  large?: boolean;
  /** What is wrong at any moment, beyond what is wrong in every scenario. */
  wrongNow?: (world: ServiceWorld) => string | undefined;
  /** What is wrong when all has come to rest, beyond what is wrong in every scenario; asked again after two sweeps. */
  wrongAtRest?: (world: ServiceWorld) => string | undefined;
  /** What happens once all has come to rest after two sweeps, and what is wrong then. */
  lastly?: (world: ServiceWorld) => Promise<string | undefined>;
  /** Takes a condition away, to see whether that is noticed. */
  mutate?: Mutation;
  /** Changes what is read of an item, to see whether that is noticed. */
  misread?: (item: Item) => Item;
  /** Queries of it miss what was put last into it, as one that is not consistent may, to see whether that is noticed. */
  stalePartition?: string;
}

/** `operation` is `put`, `delete`, or `update` with the first attribute added to, set or removed, `kind` the first part of the item's sort key. */
export type Mutation = (operation: string, kind: string, condition: Condition) => Condition;
