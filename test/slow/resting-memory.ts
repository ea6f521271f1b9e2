/** The memory of an idle runtime in a process of its own, with `--expose-gc`. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RunningApp } from '../runtime/running-app';

/** A `server()` whose client has left immediately waits this long for its handshake to finish. */
const LONGEST_INVOCATION_SECONDS = 45;
const GC_ROUNDS = 5;

/**
 * Megabytes of this process after its functions' threads have ended: the smallest of several measurements, each after
 * a garbage collection.
 */
export async function restingMegabytes({
  runtime: { functions },
  functions: all,
}: RunningApp): Promise<number> {
  for (let seconds = 0; functions.environmentCount > 0 && seconds < LONGEST_INVOCATION_SECONDS; seconds++) {
    functions.replace(all);
    await wait(1_000);
  }
  const looks: number[] = [];
  for (let round = 0; round < GC_ROUNDS; round++) {
    await wait(500);
    globalThis.gc?.();
    looks.push(process.memoryUsage.rss() / 2 ** 20);
  }
  return Math.min(...looks);
}
