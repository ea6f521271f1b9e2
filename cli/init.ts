/** The command `init`: a minimal project of your own, as `examples/minimal` of the repository has it. */
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../local/user-error';

/** In a package the file has another name, because npm leaves `.gitignore` out of packages. */
export const PACKAGED_NAMES: Record<string, string> = { '.gitignore': 'gitignore' };

/** Files that a build or an installation leaves in the example. */
export const MADE_FILES = new Set(['node_modules', 'build', 'cdk.out', 'package-lock.json']);

/** In the package, the template is next to the commands. In a clone, it is the example itself. */
const TEMPLATES = [join(__dirname, '../template'), join(__dirname, '../examples/minimal')];

/** Prints the next steps. @throws {UserError} if the folder is not empty */
export function init(folder: string): string {
  const target = resolve(folder);
  refuseUsed(target);
  mkdirSync(target, { recursive: true });
  const template = TEMPLATES.find((path) => existsSync(path)) ?? '';
  for (const name of readdirSync(template)) {
    if (MADE_FILES.has(name)) continue;
    cpSync(join(template, name), join(target, ownName(name)), { recursive: true });
  }
  const place = relative('', target);
  return [
    `Wrote a WebSocket service and its CDK app to ${place === '' ? 'this folder' : folder}. Next:`,
    '',
    ...(place === '' ? [] : [`  cd ${/^[\w./@-]+$/.test(folder) ? folder : JSON.stringify(folder)}`]),
    '  npm install',
    '  npm test             # the service, in memory',
    '  npm start            # on this machine; then connect: npx wscat -c ws://localhost:3001/echo',
    '  npm run deploy       # to AWS',
    '',
  ].join('\n');
}

function ownName(packagedName: string): string {
  const [own] = Object.entries(PACKAGED_NAMES).find(([, packaged]) => packaged === packagedName) ?? [];
  return own ?? packagedName;
}

/** A folder in which only `git init` was run counts as empty. */
function refuseUsed(target: string): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory()) {
    throw new UserError(
      `${target} is a file, but init writes a project into a folder. Specify a new or an empty folder: npx shared-connection init my-service`,
    );
  }
  const names = readdirSync(target).filter((name) => name !== '.git');
  if (names.length === 0) return;
  const some = names.slice(0, 3).join(', ');
  throw new UserError(
    `${target} is not empty (${some}${names.length > 3 ? ', …' : ''}), and init overwrites nothing. Specify a new or an empty folder: npx shared-connection init my-service`,
  );
}
