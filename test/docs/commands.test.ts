import type { Command } from 'commander';
import { commandLine } from '../../cli/command-line';
import { withCommand } from '../../local/cli/commands';
import { FAULT_VALUES } from '../../local/faults/fault-settings';
import { PAGES, textOf } from './pages';

const program = commandLine({
  isTerminal: false,
  print: () => {},
  complain: () => {},
  input: async () => Buffer.alloc(0),
  wait: async () => false,
});

/** In code blocks and in inline code. `npm start --` and `npm run dev --` pass their arguments on. */
function commandsOf(text: string): string[] {
  const places = text.matchAll(
    /(?:npx shared-connection(?:-local)?|npm (start|run dev) --)(?= |`|$)([^`\n]*)/gm,
  );
  return [...places].map(([, script, rest = '']) => `${(script ?? '').replace('run ', '')} ${rest}`.trim());
}

/** Splits a command into words as a shell does, up to the first word that is not an argument. */
function wordsOf(command: string): string[] {
  const [plain = ''] = command.split(/ (?:#|\||&&|<|>)(?= |$)/);
  return [...plain.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

/** What is wrong with a command, or undefined. */
function faultOf(command: string): string | undefined {
  const [name = '', ...args] = withCommand(wordsOf(command));
  if (/^(-h|--help)$/.test(name)) return undefined;
  const known = program.commands.find((one: Command) => one.name() === name);
  if (!known) return `${command}: there is no command ${name}`;
  try {
    const { operands, unknown } = known.parseOptions(args);
    if (unknown.length > 0) return `${command}: there is no option ${unknown[0]}`;
    if (operands.length > known.registeredArguments.length) return `${command}: too many arguments`;
  } catch (error) {
    return `${command}: ${error instanceof Error ? error.message : error}`;
  }
  const fault = args.map((arg) => /^(?:--fault=)?([a-z-]+)=[\d.]+$/.exec(arg)?.[1]).find(isUnknownFault);
  return args.includes('--fault') && fault !== undefined
    ? `${command}: there is no fault ${fault}`
    : undefined;
}

function isUnknownFault(name: string | undefined): boolean {
  return name !== undefined && !(name in FAULT_VALUES);
}

describe('the commands in the pages', () => {
  it.each(PAGES)('exist, with their options: %s', (page) => {
    expect(commandsOf(textOf(page)).flatMap((command) => faultOf(command) ?? [])).toEqual([]);
  });

  it('are found', () => {
    expect(PAGES.flatMap((page) => commandsOf(textOf(page))).length).toBeGreaterThan(20);
  });

  it.each([
    ['`npx shared-connection lst`', 'there is no command lst'],
    ['$ npx shared-connection list --wach', 'there is no option --wach'],
    ['npx shared-connection start --port x   # not a number', 'The port must be a number'],
    ['npm start -- --fault thirst=0.1', 'there is no fault thirst'],
    ['npx shared-connection show a b', 'too many arguments'],
  ])('are checked: %s', (text, fault) => {
    expect(commandsOf(text).map(faultOf)).toEqual([expect.stringContaining(fault)]);
  });
});
