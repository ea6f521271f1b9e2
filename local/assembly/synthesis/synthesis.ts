/** Runs a CDK app's own command without the CDK's command line, which saves about a second. */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { UserError } from '../../user-error';
import type { JsonObject } from '../values/json';
import { shorten } from './app-error';

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
 * Resolves to what the app printed, once the assembly is written.
 * @throws {UserError} with the app's error message, shortened
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
  // An assembly from an earlier run does not count.
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
  // NodejsFunction bundles with the app's esbuild or with one in the PATH. Without either, it needs Docker.
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
