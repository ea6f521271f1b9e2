/**
 * Measures the cost of being as strict as AWS: the round trip with every check, and without those that can be
 * switched off.
 */
import type { Row } from '../page';
import { ServerProcess } from '../server-process';
import { percentile } from '../statistics';
import { roundTrips, WARM_UP } from './round-trip';
import { alternate, numbers, type Side, type Sides } from './sides';

/** Many short rounds, so that the machine's load is the same for both sides. */
const ROUNDS = 30;
const MESSAGES = 200;
const MOST_COST = 1.1;

interface Sample {
  millis: number;
  cpuMillis: number;
}

/** Compares two runs of the app, which take turns. `start` runs the app. */
export async function measureChecks(start: string[], directory: string): Promise<Row[]> {
  const all = await ServerProcess.start([...start, '--app', 'bench/app'], directory);
  const none = await ServerProcess.start(
    [...start, '--app', 'bench/app', '--no-iam', '--no-limits'],
    directory,
  );
  const sides: Sides = {
    ours: { server: all, url: all.url('checked') },
    baseline: { server: none, url: none.url('plain') },
  };
  try {
    for (const side of [sides.ours, sides.baseline]) await roundTrips(side, 'hello', WARM_UP);
    const samples = await alternate(sides, ROUNDS, sample);
    const row = (what: string, of: (sample: Sample) => number): Row => ({
      ...{ what, unit: 'ms', ...numbers(samples, of), better: 'lower' },
    });
    return [
      { ...row('plain handler, posted back with the SDK p50', ({ millis }) => millis), most: MOST_COST },
      row('the same: CPU time of all threads', ({ cpuMillis }) => cpuMillis),
    ];
  } finally {
    await Promise.all([all.stop(), none.stop()]);
  }
}

async function sample(side: Side): Promise<Sample> {
  const before = side.server.cpuMillis;
  const times = await roundTrips(side, 'hello', MESSAGES);
  return {
    millis: percentile(times, 50),
    cpuMillis: (side.server.cpuMillis - before) / MESSAGES,
  };
}
