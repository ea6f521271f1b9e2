/** The two that are compared: each takes its turn under the same load, while the other one rests. */
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

/** Measures both in turn, `rounds` times; who begins changes with each round. */
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

/** The same samples with one number taken out of each. */
export function numbers<T>(samples: Samples<T>, of: (sample: T) => number): Samples<number> {
  return { ours: samples.ours.map(of), baseline: samples.baseline.map(of) };
}
