/** Which Python runs functions: one that has AWS's runtime client, `awslambdaric`, among its packages. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const INSTALL_PYTHON_CLIENT = 'python3 -m venv .venv && .venv/bin/pip install awslambdaric';

const VENVS = ['.venv', 'venv'];
/** The folders above the code in which a venv is looked for: the assembly, and the project around it. */
const MOST_PARENTS = 3;
/** An interpreter that does not answer is none. */
const PROBE_MILLIS = 10_000;

/** By the interpreter. Those without the client are asked again, since someone may install it. */
const withClient = new Set<string>();

/** The interpreter: of a venv of the app, of `VIRTUAL_ENV`, or of the path, the runtime's own version before `python3`. */
export function findPython(runtime: string, codeDirectory: string): string | undefined {
  const { VIRTUAL_ENV, PATH = '' } = process.env;
  const homes = [process.cwd(), ...parentsOf(codeDirectory)];
  const venvs = homes.flatMap((home) => VENVS.map((name) => join(home, name)));
  if (VIRTUAL_ENV) venvs.push(VIRTUAL_ENV);
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...venvs.map((venv) => join(venv, 'bin', 'python')),
    ...[runtime, 'python3'].flatMap((name) =>
      folders.map((folder) => join(folder, name)).slice(0, MOST_FOLDERS),
    ),
  ].filter((file) => existsSync(file));
  return [...new Set(candidates)].find(hasClient);
}

/** Of the path. */
const MOST_FOLDERS = 64;

function hasClient(interpreter: string): boolean {
  if (withClient.has(interpreter)) return true;
  const probe = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("awslambdaric") is None)';
  const { status } = spawnSync(interpreter, ['-c', probe], { stdio: 'ignore', timeout: PROBE_MILLIS });
  if (status === 0) withClient.add(interpreter);
  return status === 0;
}

function parentsOf(folder: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(folder); parents.length < MOST_PARENTS; parent = dirname(parent)) {
    parents.push(parent);
    if (parent === dirname(parent)) break;
  }
  return parents;
}
