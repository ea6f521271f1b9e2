#!/usr/bin/env node
/** What `npx shared-connection` runs. */
import { runCommandLine } from './command-line';
import { processTerminal } from './terminal';

void runCommandLine(process.argv.slice(2), processTerminal()).then((exitCode) => {
  // A runtime that was started goes on.
  process.exitCode = exitCode;
});
