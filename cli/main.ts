/** The command line, with this process as its terminal. */
import { runCommandLine } from './command-line';
import { processTerminal } from './terminal';

// An error prints only one line.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

void runCommandLine(process.argv.slice(2), processTerminal()).then((exitCode) => {
  // If a runtime was started, it keeps running.
  process.exitCode = exitCode;
});
