/** Runs work for each of many, a bounded number at a time. */
import { allOver } from './all-over';

/** Returns the results in order. If one fails, the others of its turn finish first, and no further turn begins. */
export async function inTurns<T, R>(
  all: readonly T[],
  atATime: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const some of turnsOf(all, atATime)) results.push(...(await allOver(some.map(work))));
  return results;
}

/** The turns themselves, for callers that do something between them. */
export function* turnsOf<T>(all: readonly T[], atATime: number): Generator<T[], void, undefined> {
  for (let at = 0; at < all.length; at += atATime) yield all.slice(at, at + atATime);
}
