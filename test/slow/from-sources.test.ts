import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const PROJECT = join(__dirname, '../..');
const BUILDS = join(PROJECT, 'build/local');
const SOURCE = join(PROJECT, 'local/glob.ts');

/** How much more memory an idle runtime may use than a Node.js that does nothing. */
const MOST_MEGABYTES = 50;

describe('The runtime from its sources', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const spawned = (args: string[]) => {
    const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };

  /** Its process id, once it is ready. */
  async function start(): Promise<number> {
    const child = spawned(['local/from-sources.cjs', 'start', '--port', '0']);
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('Ready')) return child.pid ?? 0;
    }
    throw new Error('The runtime ended before it was ready.');
  }

  const help = () =>
    spawnSync(process.execPath, ['local/from-sources.cjs', '--help'], { cwd: PROJECT, encoding: 'utf8' });

  it('is compiled again when a source has changed, and only then', () => {
    expect(help().stdout).toContain('Usage: shared-connection');
    const builds = readdirSync(BUILDS).length;
    help();
    expect(readdirSync(BUILDS)).toHaveLength(builds);
    const { atime, mtime } = statSync(SOURCE);
    utimesSync(SOURCE, new Date(), new Date());
    try {
      expect(help().stdout).toContain('Usage: shared-connection');
      expect(readdirSync(BUILDS)).toHaveLength(builds + 1);
    } finally {
      utimesSync(SOURCE, atime, mtime);
    }
  });

  it('serves the pages of the repository', () => {
    help();
    for (const build of readdirSync(BUILDS))
      expect(readdirSync(join(BUILDS, build, 'web'))).toEqual(readdirSync(join(PROJECT, 'web')));
  });

  (process.platform === 'linux' ? it : it.skip)('rests in little memory, and in one process', async () => {
    const bare = spawned(['-e', 'setInterval(() => {}, 60_000); console.log("up")']);
    await once(bare.stdout, 'data');
    const most = megabytesOf(bare.pid ?? 0) + MOST_MEGABYTES;
    const pid = await start();
    // Shortly afterwards, it frees the memory that its start needed.
    while (megabytesOf(pid) > most) await wait(100);
    expect(childrenOf(pid)).toEqual([]);
  });
});

function megabytesOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim())
    .filter(Boolean);
}
