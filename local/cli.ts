#!/usr/bin/env node
/** The command line of the runtime: `start` runs a CDK app's WebSocket APIs on this machine, `dev` follows its sources, `describe` says what is in the app. */
import { Command } from 'commander';
import { addRuntimeCommands, withCommand } from './cli/commands';
import { printableLines } from './printable';
import { UserError } from './user-error';

const program = new Command('shared-connection')
  .description("Runs any CDK app's WebSocket APIs on this machine")
  .showHelpAfterError('(--help tells what there is)');
addRuntimeCommands(program);

program.parseAsync(withCommand(process.argv.slice(2)), { from: 'user' }).catch((error: unknown) => {
  const text = error instanceof UserError ? error.message : describeFault(error);
  process.stderr.write(`${printableLines(text)}\n`);
  process.exit(1);
});

/** A fault of the program's own: here a stack trace is what is wanted. */
function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
