/** Finds the source of an app's cloud assembly: a folder that contains it, or a command that writes it. */
import { existsSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { UserError } from '../../user-error';
import { isObject, type JsonObject, objectAt, textAt } from '../values/json';
import { readJson } from './cloud-assembly';
import type { Synthesis } from './synthesis';

export type AppSource =
  | { kind: 'assembly'; directory: string; workingDirectory: string }
  | { kind: 'command'; synthesis: Synthesis };

/** The same folder as the CDK's command line uses. */
const OUTPUT_DIRECTORY = 'cdk.out';

/**
 * @param app a folder with a cloud assembly, a folder with a cdk.json, or a command. @default the app of cdk.json
 * @param context overrides the context of cdk.json, as `cdk --context` does. @default none
 * @throws {UserError} if there is neither such a folder nor such a command, or if an assembly is to have a context
 */
export function findApp(
  app: string | undefined,
  workingDirectory: string,
  context: JsonObject = {},
): AppSource {
  const source = sourceOf(app, workingDirectory);
  const [key] = Object.keys(context);
  if (source.kind === 'command') Object.assign(source.synthesis.context, context);
  else if (key !== undefined)
    throw new UserError(
      `--context ${key} is for an app that is synthesized, but ${source.directory} is a cloud assembly. Pass the context to the command that synthesizes it.`,
    );
  return source;
}

function sourceOf(app: string | undefined, workingDirectory: string): AppSource {
  if (app === undefined) return appOfProject(workingDirectory);
  const directory = resolve(workingDirectory, app);
  if (isDirectory(directory)) {
    if (isAssembly(directory)) return { kind: 'assembly', directory, workingDirectory };
    if (existsSync(join(directory, 'cdk.json'))) return appOfProject(directory);
    throw new UserError(
      `${directory} has neither a cloud assembly (manifest.json) nor a CDK app (cdk.json). Pass the folder that \`cdk synth\` writes, or the command that runs the app.`,
    );
  }
  assertRuns(app, workingDirectory);
  return command(app, workingDirectory, readSettings(workingDirectory));
}

/** Checks a single word or a path, which may be a mistyped folder. For everything else, the shell reports errors. */
function assertRuns(app: string, workingDirectory: string): void {
  const [program = ''] = app.trim().split(/\s/, 1);
  const isPath = program.includes('/');
  if (!/^[\w@./+-]+$/.test(program) || (!isPath && program !== app.trim())) return;
  const isThere = isPath
    ? existsSync(resolve(workingDirectory, program))
    : isScript(app, workingDirectory) || isInPath(program);
  if (isThere) return;
  throw new UserError(
    `There is no folder or command ${JSON.stringify(program)} (--app). Pass the folder of a CDK app, a folder that \`cdk synth\` wrote, or the command that runs the app.`,
  );
}

function isInPath(program: string): boolean {
  if (process.platform === 'win32') return true;
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Like the CDK, runs a script with Node.js if only its name is given. */
function isScript(app: string, workingDirectory: string): boolean {
  return /^\S+\.[cm]?js$/.test(app) && existsSync(resolve(workingDirectory, app));
}

function appOfProject(workingDirectory: string): AppSource {
  const settings = readSettings(workingDirectory);
  const app = textAt(settings, 'app');
  if (app === undefined) {
    throw new UserError(
      `There is no cdk.json with an "app" in ${workingDirectory}. Start in the folder of a CDK app, or pass the app's command or its cdk.out folder with --app.`,
    );
  }
  const directory = resolve(workingDirectory, app);
  if (isDirectory(directory) && isAssembly(directory))
    return { kind: 'assembly', directory, workingDirectory };
  return command(app, workingDirectory, settings);
}

function command(app: string, workingDirectory: string, settings: JsonObject): AppSource {
  const build = textAt(settings, 'build');
  const run = isScript(app, workingDirectory) ? `"${process.execPath}" "${app}"` : app;
  return {
    kind: 'command',
    synthesis: {
      command: build === undefined ? run : `${build} && ${run}`,
      workingDirectory,
      outputDirectory: resolve(workingDirectory, textAt(settings, 'output') ?? OUTPUT_DIRECTORY),
      context: {
        ...objectAt(settings, 'context'),
        ...readIfThere(join(workingDirectory, 'cdk.context.json')),
      },
    },
  };
}

function readSettings(workingDirectory: string): JsonObject {
  return readIfThere(join(workingDirectory, 'cdk.json'));
}

function readIfThere(file: string): JsonObject {
  if (!existsSync(file)) return {};
  const content = readJson(file);
  return isObject(content) ? content : {};
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function isAssembly(directory: string): boolean {
  return existsSync(join(directory, 'manifest.json'));
}
