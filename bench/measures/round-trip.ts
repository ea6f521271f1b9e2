/** Measures how long one client waits until its own message comes back, one message at a time. */
import { Crowd } from '../crowd';
import type { Row } from '../page';
import { percentile } from '../statistics';
import { alternate, numbers, type Side, type Sides } from './sides';

const ROUNDS = 5;
const MESSAGES = 1_000;
/** The SDK's code is optimized only after some thousand calls, separately in each environment of a function. */
export const WARM_UP = 5_000;

export async function measureRoundTrip(sides: Sides, what: string, message: string): Promise<Row[]> {
  for (const side of [sides.ours, sides.baseline]) await roundTrips(side, message, WARM_UP);
  const samples = await alternate(sides, ROUNDS, (side) => roundTrips(side, message, MESSAGES));
  const row = (percent: number): Row => ({
    what: `${what} p${percent}`,
    unit: 'ms',
    ...numbers(samples, (times) => percentile(times, percent)),
    better: 'lower',
  });
  return [row(50), row(99)];
}

export async function roundTrips({ url }: Side, message: string, count: number): Promise<number[]> {
  const client = await Crowd.connect(url, 1);
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const sentAt = performance.now();
    await client.say(message, 1);
    times.push(performance.now() - sentAt);
  }
  client.vanish();
  return times;
}
