/** Runs a CDK app's own command without the CDK's command line, which saves about a second. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { UserError } from '../../user-error';
import type { JsonObject } from '../values/json';
import { goPanic, pythonError } from './errors-of-languages';

export interface Synthesis {
  /** A command for the shell, as in cdk.json. */
  command: string;
  workingDirectory: string;
  /** Absolute folder for the cloud assembly. */
  outputDirectory: string;
  context: JsonObject;
  /** Absolute folders of a run's own files, which are neither sources nor products of the app. @default none */
  dataDirectories?: string[];
  /** @default this process's own */
  environment?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** Context that the CDK's command line adds. The runtime needs the paths for its messages. */
const CLI_CONTEXT: JsonObject = {
  'aws:cdk:enable-path-metadata': true,
  'aws:cdk:enable-asset-metadata': true,
};

/**
 * Resolves with what the app printed, once the assembly is in its folder.
 * @throws {UserError} with the app's own error, shortened, if it fails
 */
export async function synthesize(synthesis: Synthesis): Promise<string> {
  const { command, workingDirectory, outputDirectory } = synthesis;
  const earlier = manifestTime(outputDirectory);
  const { exit, output, errors } = await run(synthesis);
  if (exit !== 'exit code 0') {
    throw new UserError(
      `The app's command \`${command}\` failed (${exit}): ${shorten(errors, workingDirectory)}`,
    );
  }
  // The assembly of an earlier run is not a result of this one.
  if (manifestTime(outputDirectory) !== earlier) return `${output}${errors}`.trim();
  throw new UserError(
    `The app's command \`${command}\` did not write a cloud assembly to ${outputDirectory}. It must create an App of aws-cdk-lib, and may need to call app.synth() at its end.`,
  );
}

function manifestTime(directory: string): number | undefined {
  return statSync(join(directory, 'manifest.json'), { throwIfNoEntry: false })?.mtimeMs;
}

function run(synthesis: Synthesis): Promise<{ exit: string; output: string; errors: string }> {
  const { environment = process.env } = synthesis;
  // NodejsFunction bundles with the esbuild of the app or of the PATH, and needs Docker without one.
  const path = [environment.PATH, dirname(require.resolve('esbuild/bin/esbuild'))].filter(Boolean);
  const child = spawn(synthesis.command, {
    shell: true,
    cwd: synthesis.workingDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      PATH: path.join(delimiter),
      CDK_OUTDIR: synthesis.outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify({ ...CLI_CONTEXT, ...synthesis.context }),
      CDK_DEFAULT_REGION: environment.CDK_DEFAULT_REGION ?? 'us-east-1',
      CDK_DEFAULT_ACCOUNT: environment.CDK_DEFAULT_ACCOUNT ?? '000000000000',
      // Validating the template takes seconds. `cdk synth` and `cdk deploy` do it.
      CDK_VALIDATION: environment.CDK_VALIDATION ?? 'false',
    },
    ...(synthesis.signal ? { signal: synthesis.signal } : {}),
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ exit: signal === null ? `exit code ${code}` : signal, output, errors });
    });
  });
}

const MAX_FALLBACK_LINES = 5;

/** The error's message and its place in the app, from the output of Node.js, tsx, a compiler, Python or Go. */
export function shorten(errors: string, workingDirectory: string): string {
  const lines = stripVTControlCharacters(errors).split(/\r?\n/);
  const other = pythonError(lines, workingDirectory) ?? goPanic(lines, workingDirectory);
  if (other !== undefined) return other;
  const compilerError = lines.find((line) => /^\s*\S.*:\d+:\d+: ERROR: /.test(line));
  if (compilerError) {
    const frame = codeFrame(lines) || sourceFrame(compilerError, workingDirectory);
    return `${relativeTo(workingDirectory, compilerError.trim())}${frame}`;
  }
  const start = lines.findIndex((line) =>
    /^(?:Uncaught )?(?:[A-Za-z_$.]*Error\b.*: ?|(?:\w+: )?«\w+» )/.test(line),
  );
  if (start >= 0) {
    const rest = lines.slice(start);
    // The CDK shows its own frames and Node.js's as `...`.
    const end = rest.findIndex((line) => /^\s+(?:at |\.\.\.)/.test(line));
    const message = (end < 0 ? rest.slice(0, MAX_FALLBACK_LINES) : rest.slice(0, end)).join('\n').trim();
    const frame = rest.find((line) => /^\s+at .*:\d+:\d+\)?$/.test(line) && !/node_modules|node:/.test(line));
    const [, place] = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(frame ?? '') ?? [];
    return `${message}${place ? ` (${relativeTo(workingDirectory, place.replace('file://', ''))})` : ''}`;
  }
  const last = lines.filter((line) => line.trim() !== '').slice(-MAX_FALLBACK_LINES);
  return last.length > 0 ? last.join('\n') : 'it printed no error';
}

/** The lines that esbuild shows below its first error: the source line, and a mark at the error. */
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
