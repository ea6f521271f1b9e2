/** Finds the error in the output of an app: its message and its location in the app. */
import { readFileSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { goPanic, pythonError } from './errors-of-languages';

const MAX_FALLBACK_LINES = 5;
/** Node.js prints the file and line that threw, the source line, a marker, and an empty line. */
const MAX_SOURCE_LINES = 6;

/**
 * An error that names only the command that failed, such as the one that bundles a function. The command itself
 * printed the reason.
 */
const FAILED_COMMAND = /Command failed|exited with (?:status|code|non-zero)|NonZeroStatus/;

/** Docker's client without its daemon, and a machine without the client. */
const NO_DOCKER =
  /Cannot connect to the Docker daemon.*|spawn(?:Sync)? docker ENOENT|docker: (?:command )?not found/;
const DOCKER_REMEDY =
  'The app builds code with Docker, which does not run here. Start Docker, or pass the folder of an assembly that was synthesized elsewhere (--app). The CDK builds functions in TypeScript, Go and Rust without Docker if esbuild, go or cargo-lambda is installed.';

/** Returns the error's message, its location in the app, and what to do if the app needs Docker. */
export function shorten(errors: string, workingDirectory: string): string {
  const message = messageOf(errors, workingDirectory);
  const [cause] = NO_DOCKER.exec(stripVTControlCharacters(errors)) ?? [];
  if (cause === undefined) return message;
  const [place = ''] = / \([^()\n]+:\d+\)$/.exec(message) ?? [];
  return `${cause}${place}\n${DOCKER_REMEDY}`;
}

/** From the output of Node.js, tsx, a compiler, Python or Go. */
function messageOf(errors: string, workingDirectory: string): string {
  const lines = stripVTControlCharacters(errors).split(/\r?\n/);
  const other = pythonError(lines, workingDirectory) ?? goPanic(lines, workingDirectory);
  if (other !== undefined) return other;
  const compilerError = lines.find((line) => /^\s*\S.*:\d+:\d+: ERROR: /.test(line));
  if (compilerError) {
    const frame = codeFrame(lines) || sourceFrame(compilerError, workingDirectory);
    return `${relativeTo(workingDirectory, compilerError.trim())}${frame}`;
  }
  const start = lines.findIndex((line) =>
    /^(?:Uncaught )?(?:[A-Za-z_$.]*Error\b.*: ?|(?:\w+: |\[)?«\w+» )/.test(line),
  );
  if (start >= 0) {
    const bundlerError = FAILED_COMMAND.test(lines[start] ?? '') ? errorOfBundler(lines, start) : undefined;
    if (bundlerError) return bundlerError;
    const rest = lines.slice(start);
    // The CDK shows its own frames and Node.js's as `...`.
    const end = rest.findIndex((line) => /^\s+(?:at |\.\.\.)/.test(line));
    const message = (end < 0 ? rest.slice(0, MAX_FALLBACK_LINES) : rest.slice(0, end)).join('\n').trim();
    const frame = rest.find((line) => /^\s+at .*:\d+:\d+\)?$/.test(line) && !/node_modules|node:/.test(line));
    const [, place] = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(frame ?? '') ?? [];
    return `${printedBefore(lines, start)}${message}${place ? ` (${relativeTo(workingDirectory, place.replace('file://', ''))})` : ''}`;
  }
  const last = lines.filter((line) => line.trim() !== '').slice(-MAX_FALLBACK_LINES);
  return last.length > 0 ? last.join('\n') : 'it printed no error';
}

/** esbuild's first error, how many more there are, and the function that the CDK could not bundle. */
function errorOfBundler(lines: string[], end: number): string | undefined {
  const start = lines.findIndex((line) => /\[ERROR\] /.test(line));
  if (start < 0) return undefined;
  const [, message = ''] = /\[ERROR\] (.*)$/.exec(lines[start] ?? '') ?? [];
  const [, place] = /^\s+(\S.*:\d+:\d+):$/.exec(lines[start + 2] ?? '') ?? [];
  const more = numberOfErrors(lines) - 1;
  const [asset] = /Failed to bundle asset [^\s,]+/.exec(lines[end] ?? '') ?? [];
  return [
    `${place ? `${place}: ` : ''}ERROR: ${message}${codeFrame(lines)}`,
    ...(more > 0 ? [`${more} more ${more === 1 ? 'error' : 'errors'}`] : []),
    ...(asset ? [asset] : []),
  ].join('\n');
}

/** From esbuild's last line: `2 errors`, `6 of 16 errors shown (…)`. */
function numberOfErrors(lines: string[]): number {
  const summary = lines.findLast((line) => /^(?:\d+ warnings? and )?(?:\d+ of )?\d+ errors?\b/.test(line));
  const [, count = '1'] = /(\d+) errors?\b/.exec(summary ?? '') ?? [];
  return Number(count);
}

/** The last lines that a failed command printed before the error, without those in which Node.js shows its own source. */
function printedBefore(lines: string[], start: number): string {
  if (!FAILED_COMMAND.test(lines[start] ?? '')) return '';
  const sourceStart = lines.findLastIndex((line, at) => at < start && /^\S+:\d+$/.test(line));
  const end = sourceStart >= 0 && start - sourceStart <= MAX_SOURCE_LINES ? sourceStart : start;
  const printed = lines.slice(0, end).filter((line) => line.trim() !== '');
  return printed
    .slice(-MAX_FALLBACK_LINES)
    .map((line) => `${line}\n`)
    .join('');
}

/** The lines that esbuild prints below its first error: the source line and a marker. */
function codeFrame(lines: string[]): string {
  const start = lines.findIndex((line) => /\[ERROR\]/.test(line));
  if (start < 0) return '';
  const shown = lines.slice(start).filter((line) => /^\s+(\d+ │|[│╵])/.test(line));
  const end = shown.findIndex((line) => /^\s+╵/.test(line));
  return shown
    .slice(0, end + 1)
    .map((line) => `\n${line}`)
    .join('');
}

/** The same for compilers that do not show the line. */
function sourceFrame(error: string, workingDirectory: string): string {
  const [, file = '', line, column] = /^\s*(\S.*?):(\d+):(\d+): /.exec(error) ?? [];
  const path = resolve(workingDirectory, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return '';
  const text = readFileSync(path, 'utf8').split(/\r?\n/)[Number(line) - 1] ?? '';
  return `\n${`${line}`.padStart(7)} │ ${text}\n        ╵ ${' '.repeat(Number(column))}^`;
}

function relativeTo(directory: string, place: string): string {
  const [path = place] = place.split(/:\d+:\d+/, 1);
  const short = relative(directory, path);
  return short === '' || short.startsWith('..') ? place : place.replace(path, short);
}
