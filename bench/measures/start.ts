/** Measures the time from `npm start` to `Ready`, and the memory of the idle runtime. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Row } from '../page';
import { ServerProcess } from '../server-process';
import { numbers, type Samples } from './sides';

const ROUNDS = 3;
const SETTLING_MILLIS = 1_000;

interface StartSample {
  seconds: number;
  megabytes: number;
}

/** @param starts the Node.js arguments of both servers */
export async function measureStart(
  starts: { ours: string[]; baseline: string[] },
  root: string,
): Promise<Row[]> {
  const samples: Samples<StartSample> = { ours: [], baseline: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['ours', 'baseline'] as const) {
      const server = await ServerProcess.start(starts[side], root);
      await wait(SETTLING_MILLIS);
      samples[side].push({ seconds: server.startMillis / 1_000, megabytes: server.residentMegabytes });
      await server.stop();
    }
  }
  return [
    { what: 'start to Ready', unit: 's', ...numbers(samples, (s) => s.seconds), better: 'lower' },
    {
      what: 'idle memory, database included',
      unit: 'MB',
      ...numbers(samples, (s) => s.megabytes),
      better: 'lower',
    },
  ];
}
