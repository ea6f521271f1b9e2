/** Decides which of the next steps can happen in either order with the same result. */
import type { Call } from '../../lib/testing';
import type { Actor } from './actor';
import type { Budget } from './scenario';

/** What a step depends on and what it changes, apart from adding an actor. */
export interface Touch {
  /** The actor that learns something from it, if any. */
  actor?: Actor;
  /** What takes effect. */
  call?: Call;
  /** What can happen less often afterwards. */
  spends?: keyof Budget;
}

/** `touch` tells what the step is about, if that is limited. @default everything, such as time */
export type Offer = (choice: string, action: () => void | Promise<void>, touch?: Touch) => void;

/** Whether two steps lead to the same state in either order, and neither prevents the other. */
export function isIndependent(one: Touch | undefined, other: Touch | undefined): boolean {
  if (!one || !other || one.actor === other.actor) return false;
  if (one.spends && one.spends === other.spends) return false;
  const [a, b] = [one.call, other.call];
  if (!a || !b || a.to !== b.to || (isRead(a) && isRead(b))) return true;
  // A query is about all keys that begin with its own key.
  return a.to !== 'functions' && !a.subject.startsWith(b.subject) && !b.subject.startsWith(a.subject);
}

/** No other actor can notice it. */
export function isRead({ operation }: Call): boolean {
  return operation === 'get' || operation === 'query' || operation === 'GET';
}
