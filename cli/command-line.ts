/** The whole command line: the runtime's commands, and the commands for connections. */
import { Command, CommanderError } from 'commander';
import { WebSocketTimeoutError } from '../lib/errors';
import { addRuntimeCommands, withCommand } from '../local/cli/commands';
import { complaint } from './complaint';
import { addConnectionCommands } from './connection-commands';
import { consoleServices } from './console/services';
import type { Terminal } from './terminal';

/** All commands, with their options. */
export function commandLine(terminal: Terminal): Command {
  const program = new Command('shared-connection')
    .description("Runs any CDK app's WebSocket APIs on this machine, and manages connections here and on AWS")
    .showHelpAfterError('(--help lists commands and options)')
    .configureOutput({ writeOut: terminal.print, writeErr: terminal.complain })
    .exitOverride();
  addRuntimeCommands(program, { services: consoleServices });
  addInitCommand(program, terminal);
  addConnectionCommands(program, terminal);
  return program;
}

function addInitCommand(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('write a minimal project: a WebSocket service, its test and its CDK app')
    .argument('[folder]', 'a new or an empty folder', '.')
    .action(async (folder: string) => {
      terminal.print((require('./init') as typeof import('./init')).init(folder));
    });
}

/** Resolves with the exit code: 0; 1 after a line with the error; 2 if no message arrived in time. */
export async function runCommandLine(args: string[], terminal: Terminal): Promise<number> {
  const program = commandLine(terminal);
  try {
    await program.parseAsync(withCommand(args), { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed it.
    if (error instanceof CommanderError) return error.exitCode;
    terminal.complain(`${complaint(error)}\n`);
    return error instanceof WebSocketTimeoutError ? 2 : 1;
  }
}
