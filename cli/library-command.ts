/**
 * The command of the library's package. It has only `init`. All other commands are in the package
 * shared-connection-local, which a deployment does not need.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../local/user-error';
import { init } from './init';

const RUNTIME = 'shared-connection-local';

function run([command, ...others]: string[]): void {
  const version = versionIn(join(__dirname, '../../package.json'));
  const runtime = installedRuntime();
  if (runtime === undefined && command === 'init' && others.length < 2 && !others[0]?.startsWith('-')) {
    process.stdout.write(init(others[0] ?? '.'));
    return;
  }
  const install = `npm install -D ${RUNTIME}@${version}`;
  if (runtime === undefined) {
    throw new UserError(
      `Only \`init [folder]\`, which writes a minimal project, works without the package ${RUNTIME}, which has the local runtime and all other commands. It is not installed here. Install it: ${install}`,
    );
  }
  const other = versionIn(runtime);
  if (other !== version) {
    throw new UserError(
      `This project has shared-connection ${version} and ${RUNTIME} ${other}, but their versions must be the same. Install the version of the library: ${install}`,
    );
  }
  require(join(dirname(runtime), 'dist/cli/main.js'));
}

/** Prefers the project's packages, because `npx` may have installed this package elsewhere. */
function installedRuntime(): string | undefined {
  for (const place of [join(process.cwd(), 'package.json'), __filename]) {
    try {
      return createRequire(place).resolve(`${RUNTIME}/package.json`);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

try {
  run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
