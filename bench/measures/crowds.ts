/** Measures what many clients cost: to connect, to stay connected, and to notice that all of them have vanished. */
import { setTimeout as wait } from 'node:timers/promises';
import { Crowd } from '../crowd';
import type { Row } from '../page';
import { alternate, numbers, type Side, type Sides } from './sides';

const CONNECTIONS = 2_000;
const HALF = CONNECTIONS / 2;
/** A `$disconnect` that has not run by then counts as lost. */
const LONGEST_STORM_MILLIS = 60_000;
/** Time for the work that a server still does after the last handshake. */
const SETTLING_MILLIS = 500;
const MEMORY_SAMPLE_MILLIS = 20;

interface CrowdSample {
  connectsPerSecond: number;
  lost: number;
  stormSeconds: number;
  stormMegabytes: number;
}

export async function measureCrowds(sides: Sides, name: string, rounds: number): Promise<Row[]> {
  const held = await alternate(sides, 1, kilobytesPerConnection);
  const samples = await alternate(sides, rounds, crowd);
  const row = (what: string, unit: string, of: (sample: CrowdSample) => number): Row => ({
    what: `${name}: ${what}`,
    unit,
    ...numbers(samples, of),
    better: 'lower',
  });
  return [
    { ...row(`connects, ${CONNECTIONS} in all`, 'per s', (s) => s.connectsPerSecond), better: 'higher' },
    {
      what: `${name}: memory that each of ${HALF} more connections adds`,
      unit: 'KB',
      ...held,
      better: 'lower',
    },
    row(`storm of ${CONNECTIONS} closed at once: $disconnect lost`, 'events', (s) => s.lost),
    row('storm: until the last $disconnect has run', 's', (s) => s.stormSeconds),
    row('storm: highest memory', 'MB', (s) => s.stormMegabytes),
  ];
}

/**
 * Measures what a second half of the connections adds to the first half, which stays connected. The first half
 * includes one-time costs: cold code, new threads of functions, and the growth of the heap.
 */
async function kilobytesPerConnection({ server, url }: Side): Promise<number> {
  const first = await Crowd.connect(url, HALF);
  await wait(SETTLING_MILLIS);
  const megabytes = server.residentMegabytes;
  const second = await Crowd.connect(url, HALF);
  await wait(SETTLING_MILLIS);
  const addedMegabytes = server.residentMegabytes - megabytes;
  server.forgetDepartures();
  for (const crowd of [first, second]) crowd.vanish();
  await server.departuresReach(CONNECTIONS, LONGEST_STORM_MILLIS);
  return (addedMegabytes * 1024) / HALF;
}

async function crowd({ server, url }: Side): Promise<CrowdSample> {
  const connectingSince = performance.now();
  const clients = await Crowd.connect(url, CONNECTIONS);
  const connectSeconds = (performance.now() - connectingSince) / 1_000;
  await wait(SETTLING_MILLIS);

  let stormMegabytes = server.residentMegabytes;
  const sampler = setInterval(() => {
    stormMegabytes = Math.max(stormMegabytes, server.residentMegabytes);
  }, MEMORY_SAMPLE_MILLIS);
  server.forgetDepartures();
  const stormingSince = performance.now();
  clients.vanish();
  await server.departuresReach(CONNECTIONS, LONGEST_STORM_MILLIS);
  const stormSeconds = (performance.now() - stormingSince) / 1_000;
  clearInterval(sampler);
  return {
    connectsPerSecond: CONNECTIONS / connectSeconds,
    lost: CONNECTIONS - server.departures,
    stormSeconds,
    stormMegabytes,
  };
}
