import type { Log } from '../log';

/** Lines on the terminal: what happens on stdout, what goes wrong on stderr. */
export function terminalLog({ quiet }: { quiet: boolean }): Log {
  return {
    info(text) {
      if (!quiet) process.stdout.write(`${text}\n`);
    },
    warn(text) {
      process.stderr.write(`${text}\n`);
    },
    error(text) {
      process.stderr.write(`${text}\n`);
    },
  };
}
