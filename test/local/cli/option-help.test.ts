import { Command } from 'commander';
import { addRuntimeCommands } from '../../../local/cli/commands';

/** The help of a command, with each option in one line. */
function helpOf(name: string): string[] {
  const program = new Command('shared-connection').configureOutput({ getOutHelpWidth: () => 1_000 });
  addRuntimeCommands(program);
  const help = program.commands.find((command) => command.name() === name)?.helpInformation() ?? '';
  return help.split('\n').map((line) => line.trim());
}

describe('the help of options', () => {
  it.each(['start', 'dev'])('of %s has defaults and choices that a user would type', (name) => {
    const lines = helpOf(name);
    const lineOf = (option: string) => lines.find((line) => line.startsWith(`--${option} `)) ?? '';
    expect(lineOf('port')).toMatch(/\(default: 3001\)$/);
    expect(lineOf('host')).toMatch(/\(default: 127\.0\.0\.1\)$/);
    expect(lineOf('isolation')).toMatch(/\(thread or process; default: thread\)$/);
  });

  it.each(['start', 'dev'])('of %s has no default of lists, switches and objects', (name) => {
    expect(helpOf(name).filter((line) => /default: (\[|\{|true|false|undefined)/.test(line))).toEqual([]);
  });
});
