/** The order of the requests that identify one connection: if two overtake each other, the later one wins. */
import { type Condition, notBeyond } from '../table/conditions';

/** The request that identifies a connection. */
export interface IdentifyingRequest {
  /** Milliseconds since the epoch. */
  at: number;
  /** Decides between two requests of one millisecond. */
  requestId: string;
}

/** Sorts by time, and then by request. */
export function identificationOrder({ at, requestId }: IdentifyingRequest): string {
  return `${String(at).padStart(13, '0')}#${requestId}`;
}

/** Milliseconds since the epoch. */
export function timeOfOrder(order: string): number {
  return Number.parseInt(order, 10);
}

/** The row was not identified by a later request. */
export function notIdentifiedAfter(order: string): Condition {
  return notBeyond('renamedAt', order);
}
