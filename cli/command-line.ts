/** The whole command line: the runtime's commands, and those by which people look after connections. */
import { Command, CommanderError } from 'commander';
import { WebSocketTimeoutError } from '../lib/errors';
import { addRuntimeCommands, withCommand } from '../local/cli/commands';
import { complaint } from './complaint';
import { addConnectionCommands } from './connection-commands';
import type { Terminal } from './terminal';

/** Resolves with the exit code: 0, or after a line that says what went wrong 1, or 2 if only nothing came in time. */
export async function runCommandLine(args: string[], terminal: Terminal): Promise<number> {
  const program = new Command('shared-connection')
    .description(
      "Runs any CDK app's WebSocket APIs on this machine, and looks after connections here and on AWS",
    )
    .showHelpAfterError('(--help tells what there is)')
    .configureOutput({ writeOut: terminal.print, writeErr: terminal.complain })
    .exitOverride();
  addRuntimeCommands(program);
  addConnectionCommands(program, terminal);
  try {
    await program.parseAsync(withCommand(args), { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode;
    terminal.complain(`${complaint(error)}\n`);
    return error instanceof WebSocketTimeoutError ? 2 : 1;
  }
}
