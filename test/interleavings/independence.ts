/** Which of the things that can happen next may happen in either order without a difference. */
import type { Call } from '../../lib/testing';
import type { Actor } from './actor';
import type { Budget } from './scenario';

/** What a choice depends on and what it changes, beyond adding an actor. */
export interface Touch {
  /** Who learns of something by it; nobody has to. */
  actor?: Actor;
  /** What takes effect by it. */
  call?: Call;
  /** What can happen less often after it. */
  spends?: keyof Budget;
}

/** `touch` tells what the choice is about, if that is little. @default everything, such as time */
export type Offer = (choice: string, action: () => void | Promise<void>, touch?: Touch) => void;

/** Whether two choices lead to the same state in either order, and neither prevents the other. */
export function isIndependent(one: Touch | undefined, other: Touch | undefined): boolean {
  if (!one || !other || one.actor === other.actor) return false;
  if (one.spends && one.spends === other.spends) return false;
  const [a, b] = [one.call, other.call];
  if (!a || !b || a.to !== b.to || (isRead(a) && isRead(b))) return true;
  // A query is about all keys that begin as its own.
  return a.to !== 'functions' && !a.subject.startsWith(b.subject) && !b.subject.startsWith(a.subject);
}

/** Nobody else can notice it. */
export function isRead({ operation }: Call): boolean {
  return operation === 'get' || operation === 'query' || operation === 'GET';
}
