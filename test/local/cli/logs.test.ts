import { JsonLog, jsonFunctionLog } from '../../../local/cli/json-log';
import { openHostWarning } from '../../../local/cli/open-host';
import { TerminalLog } from '../../../local/cli/terminal-log';
import { type FunctionLog, textFunctionLog } from '../../../local/lambda/function-log';
import { printableLines } from '../../../local/printable';

/** Clears the screen, sets a title, moves the cursor up, reverses text, and ends a line with C1. */
const HOSTILE = '\u001b[2J\u001b]0;title\u0007\u001b[1A\u202eabc\u0085\u009b1m\u007f\b\u0000';
/** Characters that a terminal would interpret. */
const OBEYED = /(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const output = (log: FunctionLog, text: string) =>
  log.output({ functionName: 'f', requestId: 'r', at: 0, stream: 'stdout', text });

function recorded(isTTY = false) {
  const [out, err]: string[][] = [[], []];
  const log = new TerminalLog({
    stdout: { write: (text) => out?.push(text) },
    stderr: { write: (text) => err?.push(text), isTTY },
  });
  return { log, out: () => (out ?? []).join(''), err: () => (err ?? []).join('') };
}

describe('printableLines', () => {
  it('keeps text with its lines and tabs', () => {
    expect(printableLines('Grüße 👩‍👩‍👧\r\n\tb\n')).toBe('Grüße 👩‍👩‍👧\n\tb\n');
  });

  it('removes colors', () => {
    expect(printableLines('\u001b[31mred\u001b[39m, \u001b[1;38;5;208mbold\u001b[0m')).toBe('red, bold');
  });

  it('escapes what a terminal would interpret', () => {
    expect(printableLines('a\u001b[2Jb\rc\u009b1md\u202ee')).toBe('a\\u001b[2Jb\\u000dc\\u009b1md\\u202ee');
  });
});

describe('TerminalLog', () => {
  it('writes nothing that the terminal would interpret, whatever the source', () => {
    const { log, out, err } = recorded();
    output(textFunctionLog(log), HOSTILE);
    log.warn(`Pages of ${HOSTILE} are not answered`);
    log.error(HOSTILE);
    // Buffered lines come before an error.
    expect(out()).toContain('f | \\u001b[2J');
    expect(err().split('\n')).toHaveLength(3);
    expect(out()).not.toMatch(OBEYED);
    expect(err()).not.toMatch(OBEYED);
  });

  it('keeps its own colors', () => {
    const { log, err } = recorded(true);
    log.error('\u001b[2Jbad');
    expect(err()).toBe('\u001b[31m\\u001b[2Jbad\u001b[39m\n');
  });
});

describe('JsonLog', () => {
  it('writes the same content for programs, and nothing that a terminal would interpret', () => {
    const lines: string[] = [];
    const log = new JsonLog((line) => lines.push(line));
    output(jsonFunctionLog(log, { nameOf: (name) => name, quiet: false, verbose: false }), HOSTILE);
    log.error(HOSTILE);
    expect(lines.map((line) => JSON.parse(line).text)).toEqual([HOSTILE, HOSTILE]);
    expect(lines.join('').replaceAll('\n', '')).not.toMatch(OBEYED);
  });
});

describe('openHostWarning', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('is none for %s', (host) => {
    expect(openHostWarning(host)).toBeUndefined();
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', 'my-laptop.local'])('says for %s who can do what', (host) => {
    expect(openHostWarning(host)).toMatch(
      new RegExp(`^--host ${host} listens on .* read and change the tables .* remove --host`),
    );
  });
});
