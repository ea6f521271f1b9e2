#!/usr/bin/env node
/**
 * The command line of the runtime: `start` runs a CDK app's WebSocket APIs on this machine, `dev` also follows its
 * sources, `describe` shows what is in the app.
 */
import { Command } from 'commander';
import { addRuntimeCommands, withCommand } from './cli/commands';
import { printableLines } from './printable';
import { UserError } from './user-error';

const program = new Command('shared-connection')
  .description("Runs any CDK app's WebSocket APIs on this machine")
  .showHelpAfterError('(--help lists commands and options)');
addRuntimeCommands(program);

program.parseAsync(withCommand(process.argv.slice(2)), { from: 'user' }).catch((error: unknown) => {
  const text = error instanceof UserError ? error.message : describeFault(error);
  process.stderr.write(`${printableLines(text)}\n`);
  process.exit(1);
});

/** A bug in the runtime, so the stack trace is useful. */
function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
