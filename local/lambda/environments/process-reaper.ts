/**
 * Ends the processes of environments when this process has been killed and can no longer do it. A shell holds the
 * other end of a pipe. The system closes the pipe however this process ends, and the shell then kills every group
 * that it knows.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Reads lines, `start GROUP` or `end GROUP`. At the end of its input, kills the groups that are left. */
const SCRIPT = `
trap '' HUP INT TERM
living=' '
while read -r change group; do
  case $change in
    start) living="$living$group " ;;
    end) living="\${living%% "$group" *} \${living#* "$group" }" ;;
  esac
done
for group in $living; do kill -s KILL -- "-$group"; done
`;

export class ProcessReaper {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  /** Call this as soon as the group has started. */
  started(group: number): void {
    this.#groups.add(group);
    if (this.#shell) this.#tell(`start ${group}`);
    else this.#start();
  }

  ended(group: number): void {
    if (!this.#groups.delete(group)) return;
    this.#tell(`end ${group}`);
    if (this.#groups.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  /**
   * Runs in a session of its own, so that Ctrl-C in the terminal does not reach it. It does not keep this process
   * alive.
   */
  #start(): void {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      ...{ detached: true, cwd: '/', env: {} },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell = shell;
    shell.unref();
    (shell.stdin as Socket | null)?.unref();
    const forget = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.once('error', forget).once('exit', forget);
    shell.stdin?.on('error', forget);
    for (const group of this.#groups) this.#tell(`start ${group}`);
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}
