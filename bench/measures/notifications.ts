/**
 * Measures how fast notifications of incoming files reach all clients, through the folder or S3, and how much memory
 * remains in use.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crowd } from '../crowd';
import { IncomingFiles } from '../incoming-files';
import type { Row } from '../page';
import { ServerProcess } from '../server-process';
import { alternate, type Side, type Sides } from './sides';

const ROUNDS = 3;
/** The number of notifications, which is the same for each number of clients. */
const CROWDS = [
  { sockets: 20, count: 150 },
  { sockets: 500, count: 6 },
];

/** @param starts the Node.js arguments of both servers, which are started only for this measurement */
export async function measureNotifications(
  starts: { ours: string[]; baseline: string[] },
  root: string,
): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'bench-notifications-'));
  const incoming = join(home, 'incoming');
  const ours = await ServerProcess.start([...starts.ours, '--bucket', `Incoming/Bucket=${incoming}`], root);
  const bare = await ServerProcess.start(starts.baseline, root);
  const sides: Sides = {
    ours: { server: ours, url: ours.url('notifications') },
    baseline: { server: bare, url: bare.url('bare') },
  };
  const files = new IncomingFiles(home, incoming, ours.exported);
  try {
    const memory = () => ({ ours: [ours.residentMegabytes], baseline: [bare.residentMegabytes] });
    const before = memory();
    const rows: Row[] = [];
    for (const crowd of CROWDS) rows.push(...(await measureCrowd(sides, files, crowd)));
    return [
      ...rows,
      { what: 'memory before', unit: 'MB', ...before, better: 'lower' },
      { what: 'memory after, with no sockets', unit: 'MB', ...memory(), better: 'lower' },
    ];
  } finally {
    files.close();
    await Promise.all([ours.stop(), bare.stop()]);
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureCrowd(
  sides: Sides,
  files: IncomingFiles,
  { sockets, count }: (typeof CROWDS)[number],
): Promise<Row[]> {
  const crowds = {
    ours: await Crowd.connect(sides.ours.url, sockets),
    baseline: await Crowd.connect(sides.baseline.url, sockets),
  };
  await crowds.ours.greeted();
  const frames = count * sockets;
  const ways = [
    { what: 'moved into the folder', bring: () => files.move(count) },
    { what: 'put through S3', bring: () => files.put(count) },
  ];
  const rows: Row[] = [];
  for (const { what, bring } of ways) {
    const told = async (side: Side) => {
      const begun = performance.now();
      if (side === sides.ours) await crowds.ours.hear(frames, bring);
      else await crowds.baseline.say('broadcast', frames, count);
      return count / ((performance.now() - begun) / 1_000);
    };
    for (const side of [sides.ours, sides.baseline]) await told(side);
    const rates = await alternate(sides, ROUNDS, told);
    const row = (unit: string, times: number): Row => ({
      ...{ what: `${count} files ${what}, to ${sockets}`, unit, better: 'higher' },
      ours: rates.ours.map((rate) => rate * times),
      baseline: rates.baseline.map((rate) => rate * times),
    });
    rows.push(row('files/s', 1), row('notifications/s', sockets));
  }
  for (const crowd of Object.values(crowds)) crowd.vanish();
  return rows;
}
