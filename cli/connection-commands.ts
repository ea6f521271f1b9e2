/**
 * The commands for connections, with their options and examples. Each loads its modules only when it runs, so that the
 * others start quickly.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal';

const ID = 'the WebSocket id; put "--" before an id that begins with "-"';
const DATA = 'the text (default: standard input, without its last line break)';
const SERVICE = 'only this service';

export function addConnectionCommands(program: Command, terminal: Terminal): void {
  command(program, 'list', [
    'list',
    'list chat --channels --probe',
    'list --watch',
    'list --json | jq -r .id',
  ])
    .description('list who is connected. Costs one table query for each service')
    .argument('[service]', SERVICE)
    .option('--channels', 'also list the channels of each. Costs one query for each connection', false)
    .option(
      '--probe',
      'ask API Gateway when each was last active. Costs one request for each connection',
      false,
    )
    .option('--watch', 'refresh every 2 s; in a file or a pipe, print one line for each change', false)
    .action(async (service, options) =>
      (require('./list') as typeof import('./list')).list(service, options, terminal),
    );

  command(program, 'channels', ['channels', 'channels notifications --json'])
    .description(
      'list the channels and how many connections are in each. Costs one query for each service and each connection',
    )
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./channels') as typeof import('./channels')).channels(service, options, terminal),
    );

  command(program, 'members', ['members topic/adt', 'members topic/adt --service notifications --json'])
    .description('list who is in a channel. Costs one table query for each service')
    .argument('<channel>', 'its name')
    .option('--service <name>', SERVICE)
    .action(async (channel, options) =>
      (require('./channels') as typeof import('./channels')).members(channel, options, terminal),
    );

  command(program, 'errors', ['errors', 'errors notifications --limit 100 --json'])
    .description(
      'list the errors that services recorded, such as broken files, newest first. Costs one query for each service',
    )
    .argument('[service]', SERVICE)
    .option('--limit <number>', 'at most this many for each service (default: 20)', readLimit, 20)
    .action(async (service, options) =>
      (require('./errors') as typeof import('./errors')).errors(service, options, terminal),
    );

  command(program, 'show', ['show uJo39vlXoAMCHMA=', 'show uJo39vlXoAMCHMA= --stack SharedConnection'])
    .description('show what the table and API Gateway know about one connection')
    .argument('<id>', ID)
    .action(async (id, options) =>
      (require('./show') as typeof import('./show')).show(id, options, terminal),
    );

  command(program, 'write', ["write uJo39vlXoAMCHMA= 'Hello!'", 'write uJo39vlXoAMCHMA= < message.json'])
    .description('send one message to one connection')
    .argument('<id>', ID)
    .argument('[data]', DATA)
    .action(async (id, data, options) =>
      (require('./write') as typeof import('./write')).write(id, data, options, terminal),
    );

  command(program, 'read', ['read uJo39vlXoAMCHMA= --timeout 5', 'read uJo39vlXoAMCHMA= --follow'])
    .description(
      "take the next message from a connection's inbox; no other reader gets it. Exit code 2 if no message arrives in time",
    )
    .argument('<id>', ID)
    .option('--timeout <seconds>', 'how long to wait (default: 30; a day with --follow)', readSeconds)
    .option('--follow', 'keep reading until the socket closes', false)
    .action(async (id, options) =>
      (require('./read') as typeof import('./read')).read(id, options, terminal),
    );

  command(program, 'end', ['end uJo39vlXoAMCHMA='])
    .description('close one connection, shared or dedicated; the client sees code 1000')
    .argument('<id>', ID)
    .action(async (id, options) => (require('./end') as typeof import('./end')).end(id, options, terminal));

  command(program, 'publish', ["publish adt 'Hello!'", 'publish adt --service chat < message.json'])
    .description('send one message to everyone in a channel; exit code 1 if some posts failed')
    .argument('<channel>', 'its name')
    .argument('[data]', DATA)
    .option('--service <name>', SERVICE)
    .action(async (channel, data, options) =>
      (require('./publish') as typeof import('./publish')).publish(channel, data, options, terminal),
    );

  command(program, 'broadcast', [`broadcast chat '{"Type":"Chat","Message":"aGk="}'`])
    .description('send one message to everyone of a service; exit code 1 if some posts failed')
    .argument('<service>', 'its name')
    .argument('[data]', DATA)
    .action(async (service, data, options) =>
      (require('./publish') as typeof import('./publish')).broadcast(service, data, options, terminal),
    );

  command(program, 'sweep', ['sweep', 'sweep chat --json'])
    .description('find and clean up connections whose $disconnect was lost, and report what was found')
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./sweep') as typeof import('./sweep')).sweep(service, options, terminal),
    );

  command(program, 'tail', ['tail', 'tail chat --json'])
    .description(
      'print who connects, gets a name and leaves, polled every second. Does not show messages, or connections shorter than a second',
    )
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./tail') as typeof import('./tail')).tail(service, options, terminal),
    );
}

/** Options of all commands. */
function command(program: Command, name: string, examples: string[]): Command {
  const lines = examples.map((example) => `  $ npx shared-connection ${example}`);
  return program
    .command(name)
    .option('--stack <name>', 'a deployed stack (default: the runtime on this machine)')
    .option(
      '--url <url>',
      'another AWS endpoint (default: AWS_ENDPOINT_URL, or http://localhost:3001)',
      readUrl,
    )
    .option('--json', 'print one JSON object a line', false)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

function readSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Specify seconds, such as 5 or 0.5.');
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Specify a number from 1 to 9999.');
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) return text;
  throw new InvalidArgumentError('Specify a URL such as http://localhost:3001.');
}
