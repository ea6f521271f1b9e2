import type { Log } from '../log';

/** Lines on the terminal: what happens on stdout, what goes wrong on stderr. */
export const terminalLog: Log = {
  info(text) {
    process.stdout.write(`${text}\n`);
  },
  warn(text) {
    process.stderr.write(`${text}\n`);
  },
  error(text) {
    process.stderr.write(`${text}\n`);
  },
};
