/** The processes of one environment: started, stopped, continued, measured and ended together. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import type { ProcessCommand } from './process-command';
import { ProcessReaper } from './process-reaper';

const PAGE_BYTES = 4096;
/** How many processes of an environment are measured. */
const MOST_PROCESSES = 256;

/** Go's names for signals, which Lambda uses. */
const SIGNAL_WORDS: Record<string, string> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};

/** Running groups. They end with this process, even if it is killed. */
const living = new Set<ProcessGroup>();
const reaper = new ProcessReaper();
process.on('exit', () => {
  for (const group of living) group.signal('SIGKILL');
});

export class ProcessGroup {
  readonly child: ChildProcess;

  constructor({ file, args, env }: ProcessCommand, workingDirectory: string) {
    this.child = spawn(file, args, {
      ...{ cwd: workingDirectory, env, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = this.child;
    if (pid === undefined) return;
    living.add(this);
    reaper.started(pid);
    this.child.once('exit', () => {
      this.signal('SIGKILL');
      living.delete(this);
      reaper.ended(pid);
    });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    const { pid } = this.child;
    if (pid !== undefined) signalGroup(pid, name);
  }

  /** The resident memory of the process and its descendants; 0 if the system does not report it. */
  async residentBytes(): Promise<number> {
    const pids = [this.child.pid ?? 0];
    let pages = 0;
    for (let index = 0; index < Math.min(pids.length, MOST_PROCESSES); index += 1) {
      const home = `/proc/${pids[index]}`;
      const [memory, children] = await Promise.all(
        [`${home}/statm`, `${home}/task/${pids[index]}/children`].map((file) =>
          readFile(file, 'utf8').catch(() => ''),
        ),
      );
      pages += Number(memory?.split(' ')[1] ?? 0);
      pids.push(...(children?.match(/\d+/g) ?? []).map(Number));
    }
    return pages * PAGE_BYTES;
  }
}

/** Does nothing if the group has ended. */
export function signalGroup(leaderPid: number, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
  try {
    process.kill(-leaderPid, constants.signals[name]);
  } catch {
    // It has ended.
  }
}

/** In Lambda's words: `exit status 1`, `signal: killed`; undefined for a process that ended normally. */
export function howItEnded(code: number | null, signal: string | null): string | undefined {
  if (signal !== null) return `signal: ${SIGNAL_WORDS[signal] ?? signal.slice(3).toLowerCase()}`;
  return code === 0 || code === null ? undefined : `exit status ${code}`;
}
