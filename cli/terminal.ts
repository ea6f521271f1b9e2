/** Where a command reads and prints: a person's terminal, or another program. */
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export interface Terminal {
  /** Whether a person sees the output, rather than a file or another program. */
  readonly isTerminal: boolean;
  print(text: string): void;
  complain(text: string): void;
  /** All of the standard input. */
  input(): Promise<Buffer>;
  /** `false` once the command should end. Users end it with Ctrl-C. */
  wait(milliseconds: number): Promise<boolean>;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  // For example, `list | head -1` closes the pipe.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    isTerminal: stdout.isTTY === true,
    print: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(text),
    input: () => buffer(stdin),
    wait: (milliseconds) => pause(milliseconds, true),
  };
}
