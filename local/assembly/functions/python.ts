/** Finds a Python that can run functions: one with AWS's runtime client, `awslambdaric`, among its packages. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const INSTALL_PYTHON_CLIENT = 'python3 -m venv .venv && .venv/bin/pip install awslambdaric';

const VENVS = ['.venv', 'venv'];
/** Searches the folders above the code for a venv: the assembly, and the project around it. */
const MOST_PARENTS = 3;
/** A timeout for interpreters that do not answer. */
const PROBE_MILLIS = 10_000;

/** By interpreter. One without the client is checked again, because the user may install it. */
const withClient = new Set<string>();

/**
 * The interpreter: from a venv of the app, from `VIRTUAL_ENV`, or from the PATH, with the function's own version
 * before `python3`.
 */
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
