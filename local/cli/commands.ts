/** The commands that run an app on this machine, with their options. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { hostName } from '../endpoint/host-header';
import { FAULT_VALUES } from '../faults/fault-settings';
import { DEFAULT_SEED } from '../faults/faults';
import { printableLines } from '../printable';
import type { SessionOptions } from './session';

/**
 * The arguments with a command: `start` where none is named. So a name that no command has is a mistake, and not an argument of
 * `start`.
 */
export function withCommand(args: string[]): string[] {
  const [first = '-'] = args;
  return first.startsWith('-') && !/^(-h|--help)$/.test(first) ? ['start', ...args] : args;
}

/** `start`, `dev` and `describe`. Each loads what it needs when it runs, so that no other command waits for that. */
export function addRuntimeCommands(program: Command): void {
  runOptions(program.command('start'))
    .description(
      'synthesize the app of cdk.json, and run its WebSocket APIs, functions and tables (the default)',
    )
    .action(async (options: SessionOptions) =>
      (require('./start') as typeof import('./start')).start(options),
    );

  runOptions(program.command('dev'))
    .description('the same, and follow its sources: changed functions are replaced while sockets stay open')
    .action(async (options: SessionOptions) => (require('./dev') as typeof import('./dev')).dev(options));

  program
    .command('describe')
    .description('print what a synthesized app has: APIs with their routes, functions, and what these may do')
    .argument('[folder]', 'the cloud assembly', 'cdk.out')
    .action(async (folder: string) => {
      const { describe } = require('./describe') as typeof import('./describe');
      process.stdout.write(printableLines(describe(folder)));
    });
}

/** What `start` and `dev` both understand. */
function runOptions(command: Command): Command {
  return command
    .option(
      '--app <folder or command>',
      'a cloud assembly (cdk.out), the folder of a CDK app, or its command',
    )
    .option(
      '--stack <name>',
      "run this stack and those it depends on, repeatable; a pattern such as 'Dev/*' names several (default: all)",
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--region <region>',
      'of an app in several regions, run this one (default: that of the first WebSocket API)',
    )
    .option('--port <number>', '0 for any free one', readPort, 3001)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option(
      '--allow-host <name>',
      'another name of this machine by which requests may come, repeatable: host.docker.internal, a service of Compose, a tunnel',
      readHostName,
      [],
    )
    .option(
      '--dynamodb <url>',
      'another DynamoDB than the embedded one, such as http://localhost:8000',
      readUrl,
    )
    .option('--data <folder>', 'keep the tables there between runs (default: in memory)')
    .option(
      '--bucket <name=folder>',
      'a folder that stands for a bucket of the app, repeatable (default: incoming, for the only one with notifications)',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option('--web <folder>', 'pages to serve at / (default: web, if it has an index.html)')
    .option('--fresh', 'synthesize, even if nothing has changed since the last time', false)
    .option(
      '--parameter <name=value>',
      'a value that only AWS knows, repeatable: of a parameter, a secret, or an attribute of what is not run',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option('--env-vars <file>', "values for functions' environment variables, as of `sam local --env-vars`")
    .addOption(
      new Option(
        '--isolation <kind>',
        'where Node.js functions run: threads are faster, processes are real ones',
      )
        .choices(['thread', 'process'])
        .default('thread'),
    )
    .option('--no-limits', 'take frames and messages of up to 6 MB, to test clients; AWS takes 32 and 128 KB')
    .option('--strict', 'start nothing if a route of the app would fail for what is not run here', false)
    .option('--quiet', 'of the functions, log errors only', false)
    .addOption(
      new Option('--verbose', 'log what functions get and return, too').default(false).conflicts('quiet'),
    )
    .option('--json', 'log one JSON object a line, for programs', false)
    .option(
      '--fault <name=value>',
      `something that goes wrong on purpose, repeatable: ${Object.entries(FAULT_VALUES)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`,
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option('--seed <number>', 'other cases for the faults to strike', readSeed, DEFAULT_SEED);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

function readHostName(text: string, others: string[]): string[] {
  const name = text.toLowerCase();
  if (hostName(name) === name) return [...others, name];
  throw new InvalidArgumentError('Give a name without scheme, port and path, such as host.docker.internal.');
}

function readSeed(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A seed is a whole number of up to ten digits.');
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) return text;
  throw new InvalidArgumentError('Give a URL such as http://localhost:8000.');
}
