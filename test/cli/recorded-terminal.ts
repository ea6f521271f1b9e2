/** Runs a command of the command line in this process, and records its output and exit code. */
import { runCommandLine } from '../../cli/command-line';
import type { Terminal } from '../../cli/terminal';

export interface Outcome {
  exitCode: number;
  out: string;
  complaint: string;
}

export interface Surroundings {
  isTerminal?: boolean;
  /** The standard input. */
  input?: string | Buffer;
  /** What happens while the command waits, for each wait in order. After the last one, the command must end. */
  whileWaiting?: (() => Promise<unknown>)[];
}

export async function run(args: string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { isTerminal = false, input = '', whileWaiting = [] } = surroundings;
  const outcome = { out: '', complaint: '' };
  const terminal: Terminal = {
    isTerminal,
    print: (text) => {
      outcome.out += text;
    },
    complain: (text) => {
      outcome.complaint += text;
    },
    input: async () => Buffer.from(input),
    wait: async () => {
      const happens = whileWaiting.shift();
      await happens?.();
      return happens !== undefined;
    },
  };
  const exitCode = await runCommandLine(args, terminal);
  return { exitCode, ...outcome };
}
