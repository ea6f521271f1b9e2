/** Runs work for each of many, a bounded number at a time, and returns the results in their order. */
import { allOver } from '../../delivery/all-over';

export async function inTurns<T, R>(
  all: readonly T[],
  atATime: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += atATime)
    results.push(...(await allOver(all.slice(at, at + atATime).map(work))));
  return results;
}
