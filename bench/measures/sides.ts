/** Compares two servers. They take turns under the same load, and the other one is idle. */
import type { ServerProcess } from '../server-process';

export interface Side {
  server: ServerProcess;
  url: string;
}

export interface Sides<S extends Side = Side> {
  ours: S;
  baseline: S;
}

export interface Samples<T> {
  ours: T[];
  baseline: T[];
}

/** Measures both in turn, `rounds` times. The order changes with each round. */
export async function alternate<T, S extends Side>(
  sides: Sides<S>,
  rounds: number,
  measure: (side: S) => Promise<T>,
): Promise<Samples<T>> {
  const samples: Samples<T> = { ours: [], baseline: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? (['ours', 'baseline'] as const) : (['baseline', 'ours'] as const);
    for (const side of order) samples[side].push(await measure(sides[side]));
  }
  return samples;
}

/** The samples of one metric. */
export function numbers<T>(samples: Samples<T>, of: (sample: T) => number): Samples<number> {
  return { ours: samples.ours.map(of), baseline: samples.baseline.map(of) };
}
