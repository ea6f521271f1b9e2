/**
 * The commands by which people look after connections, with their options and examples. Each loads what it needs when it runs, so
 * that no other waits for it.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal';

const ID = 'the WebSocket id; one that begins with "-" comes after "--"';
const DATA = 'the text; without it the standard input is sent, but for the line end at its end';
const SERVICE = 'of this service only';

export function addConnectionCommands(program: Command, terminal: Terminal): void {
  command(program, 'list', [
    'list',
    'list chat --channels --probe',
    'list --watch',
    'list --json | jq -r .id',
  ])
    .description('who is connected: one query of the table for each service')
    .argument('[service]', SERVICE)
    .option('--channels', 'the channels of each, too: one query a connection', false)
    .option('--probe', 'ask the gateway when each was last active: one request a connection', false)
    .option('--watch', 'draw it anew every 2 s; into a file or a pipe, the changes one a line', false)
    .action(async (service, options) =>
      (require('./list') as typeof import('./list')).list(service, options, terminal),
    );

  command(program, 'channels', ['channels', 'channels notifications --json'])
    .description(
      'which channels there are, and how many are in each: one query a service, and one a connection',
    )
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./channels') as typeof import('./channels')).channels(service, options, terminal),
    );

  command(program, 'members', ['members topic/adt', 'members topic/adt --service notifications --json'])
    .description('who is in a channel: one query of the table for each service')
    .argument('<channel>', 'its name')
    .option('--service <name>', SERVICE)
    .action(async (channel, options) =>
      (require('./channels') as typeof import('./channels')).members(channel, options, terminal),
    );

  command(program, 'errors', ['errors', 'errors notifications --limit 100 --json'])
    .description(
      'what services have noted as wrong, such as broken files, the newest first: one query a service',
    )
    .argument('[service]', SERVICE)
    .option('--limit <number>', 'of each service at most (default: 20)', readLimit, 20)
    .action(async (service, options) =>
      (require('./errors') as typeof import('./errors')).errors(service, options, terminal),
    );

  command(program, 'show', ['show uJo39vlXoAMCHMA=', 'show uJo39vlXoAMCHMA= --stack SharedConnection'])
    .description('what the table and the gateway know of one connection')
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
      'take the next message out of the inbox of a connection; whoever takes it has it alone. Exit code 2 if nothing comes in time',
    )
    .argument('<id>', ID)
    .option('--timeout <seconds>', 'how long to wait (default: 30, with --follow a day)', readSeconds)
    .option('--follow', 'message after message, until the socket has closed', false)
    .action(async (id, options) =>
      (require('./read') as typeof import('./read')).read(id, options, terminal),
    );

  command(program, 'end', ['end uJo39vlXoAMCHMA='])
    .description('close one connection, be it dedicated: its client sees code 1000')
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
    .description('look now for departures that nobody was told of, settle them, and say what was found')
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./sweep') as typeof import('./sweep')).sweep(service, options, terminal),
    );

  command(program, 'tail', ['tail', 'tail chat --json'])
    .description(
      'who connects, is named and leaves, looked for each second; messages are not seen this way, nor whoever stays for less',
    )
    .argument('[service]', SERVICE)
    .action(async (service, options) =>
      (require('./tail') as typeof import('./tail')).tail(service, options, terminal),
    );
}

/** What all of them understand. */
function command(program: Command, name: string, examples: string[]): Command {
  const lines = examples.map((example) => `  $ npx shared-connection ${example}`);
  return program
    .command(name)
    .option('--stack <name>', 'of a deployed stack (default: of the runtime on this machine)')
    .option(
      '--url <url>',
      'another AWS endpoint (default: AWS_ENDPOINT_URL, or http://localhost:3001)',
      readUrl,
    )
    .option('--json', 'one JSON object a line, for programs', false)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

function readSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give seconds, such as 5 or 0.5.');
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number from 1 to 9999.');
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) return text;
  throw new InvalidArgumentError('Give a URL such as http://localhost:3001.');
}
