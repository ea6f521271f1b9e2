/** The commands that run an app on this machine, with their options. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { hostName } from '../endpoint/host-header';
import { DEFAULT_SEED } from '../faults/faults';
import { AWS_ACCOUNT_QUOTAS } from '../gateway/quotas';
import { printableLines } from '../printable';
import { readQuota } from './account-quotas';
import { describeOption } from './option-help';
import type { SessionParts } from './session';
import type { SessionOptions } from './session-options';

/**
 * The arguments with a command: `start` if there is none. An unknown command is therefore an error, and not an
 * argument of `start`.
 */
export function withCommand(args: string[]): string[] {
  const [first = '-'] = args;
  return first.startsWith('-') && !/^(-h|--help)$/.test(first) ? ['start', ...args] : args;
}

/**
 * `start`, `dev` and `describe`. Each loads its modules only when it runs, so that other commands start quickly.
 * @param parts of every run
 */
export function addRuntimeCommands(program: Command, parts: SessionParts = {}): void {
  program.configureHelp({ optionDescription: describeOption });
  runOptions(program.command('start'))
    .description(
      'synthesize the app of cdk.json and run its WebSocket APIs, functions and tables (the default command)',
    )
    .action(async (options: SessionOptions) =>
      (require('./start') as typeof import('./start')).start(options, parts),
    );

  runOptions(program.command('dev'))
    .description('like start, and apply your changes: functions are replaced while sockets stay open')
    .action(async (options: SessionOptions) =>
      (require('./dev') as typeof import('./dev')).dev(options, parts),
    );

  program
    .command('describe')
    .description(
      'print what a synthesized app contains: APIs with their routes, functions, and their permissions',
    )
    .argument('[folder]', 'the cloud assembly', 'cdk.out')
    .action(async (folder: string) => {
      const { describe } = require('./describe') as typeof import('./describe');
      process.stdout.write(printableLines(describe(folder)));
    });
}

/** The options of both `start` and `dev`. */
function runOptions(command: Command): Command {
  return command
    .option(
      '--app <folder or command>',
      'a cloud assembly (cdk.out), the folder of a CDK app, or its command (default: the app of cdk.json)',
    )
    .option(
      '-c, --context <key=value>',
      'context for the synthesis, as in cdk synth (repeatable)',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--stack <name>',
      "run this stack and the stacks it depends on; a pattern such as 'Dev/*' selects several (repeatable; default: all)",
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--region <region>',
      'the region to run, if the app has several (default: the region of the first WebSocket API)',
    )
    .option('--port <number>', 'the port; 0 for any free port', readPort, 3001)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option(
      '--allow-host <name>',
      'another host name that requests may use: host.docker.internal, a Compose service, a tunnel (repeatable)',
      readHostName,
      [],
    )
    .option(
      '--dynamodb <url>',
      'use another DynamoDB instead of the built-in one, such as http://localhost:8000',
      readUrl,
    )
    .option('--data <folder>', 'keep tables in this folder between runs (default: tables are in memory)')
    .option(
      '--bucket <name=folder>',
      'a folder to use for a bucket of the app (repeatable; default: incoming, if only one bucket has notifications)',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option('--web <folder>', 'files to serve at / (default: web, if it has an index.html)')
    .option('--fresh', 'synthesize even if nothing has changed', false)
    .option(
      '--parameter <name=value>',
      'a value that only AWS knows: a parameter, a secret, or an attribute of a resource that is not run (repeatable)',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--jwks <url=file>',
      'functions that fetch this URL get the key set in the file (repeatable)',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--env-vars <file>',
      'environment variables of functions, in the format of `sam local --env-vars`',
    )
    .addOption(
      new Option(
        '--isolation <kind>',
        'run Node.js functions in threads (faster) or in processes (with a real working folder)',
      )
        .choices(['thread', 'process'])
        .default('thread'),
    )
    .option('--no-iam', 'do not verify signatures, and let functions do everything')
    .option(
      '--no-limits',
      'allow frames and messages of up to 6 MB, to test clients (AWS allows 32 KB and 128 KB)',
    )
    .option(
      '--quota <name=value>',
      'a quota of your account, if it is not the default of AWS (repeatable): requests, burst, new-connections',
      readQuota,
      AWS_ACCOUNT_QUOTAS,
    )
    .option('--strict', 'refuse to start if one of the routes cannot run here', false)
    .option('--quiet', 'log only errors of functions', false)
    .addOption(
      new Option(
        '--verbose',
        'also log the events and results of functions, and show more details at the start',
      )
        .default(false)
        .conflicts('quiet'),
    )
    .option('--json', 'log one JSON object on each line', false)
    .option(
      '--fault <name=value>',
      'inject a fault (repeatable), such as throttled=0.1; docs/local-runtime.md lists them',
      (text: string, others: string[]) => [...others, text],
      [],
    )
    .option(
      '--time-scale <number>',
      'idle limits, retries, schedules, delays and expiry pass this many times faster',
      readTimeScale,
      1,
    )
    .option('--seed <number>', 'the seed that decides which cases the faults affect', readSeed, DEFAULT_SEED);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('The port must be a number from 0 to 65535.');
}

function readHostName(text: string, others: string[]): string[] {
  const name = text.toLowerCase();
  if (hostName(name) === name) return [...others, name];
  throw new InvalidArgumentError(
    'Specify a host name without scheme, port and path, such as host.docker.internal.',
  );
}

function readTimeScale(text: string): number {
  const scale = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && scale >= 1 && scale <= 1_000) return scale;
  throw new InvalidArgumentError('A time scale is a number from 1 to 1000, such as 60.');
}

function readSeed(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('The seed must be a whole number of up to ten digits.');
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) return text;
  throw new InvalidArgumentError('Specify a URL such as http://localhost:8000.');
}
