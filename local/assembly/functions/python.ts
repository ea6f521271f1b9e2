/** Finds a Python that can run functions: one with AWS's runtime client, `awslambdaric`, among its packages. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** What Lambda's Python runtimes have in addition to the standard library: the runtime client, and the SDK. */
const PACKAGES = 'awslambdaric boto3';
export const INSTALL_PYTHON_CLIENT = `python3 -m venv .venv && .venv/bin/pip install ${PACKAGES}`;

const VENVS = ['.venv', 'venv'];
/** Searches the folders above the code for a venv: the assembly, and the project around it. */
const MOST_PARENTS = 3;
const MOST_FOLDERS = 64;
/** A timeout for interpreters that do not answer. */
const PROBE_MILLIS = 10_000;

type Probe = 'complete' | 'client only' | 'neither';
/** Exit codes of the probe. One that cannot run it has another. */
const CLIENT_ONLY = 10;
const NEITHER = 11;
const PROBE = `import sys
from importlib.util import find_spec
sys.stdout.write("%d.%d" % sys.version_info[:2])
sys.stdout.flush()
sys.exit(${NEITHER} if find_spec("awslambdaric") is None else ${CLIENT_ONLY} if find_spec("boto3") is None else 0)`;

/** By interpreter. One without both packages is checked again, because the user may install them. */
const complete = new Set<string>();
/** By interpreter: `3.12`. */
const versions = new Map<string, string>();
/** What was found for a runtime and its candidates, if it is complete. */
const choices = new Map<string, string>();

/**
 * The interpreter: from a venv of the app, from `VIRTUAL_ENV`, or from the PATH. One of another version, or without
 * the SDK, is only used if there is no better one.
 */
export function findPython(runtime: string, codeDirectory: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...venvsOf(codeDirectory).map((venv) => join(venv, 'bin', 'python')),
    ...[runtime, 'python3'].flatMap((name) =>
      folders.map((folder) => join(folder, name)).slice(0, MOST_FOLDERS),
    ),
  ].filter((file) => existsSync(file));
  const key = [runtime, ...candidates].join('\n');
  const known = choices.get(key);
  if (known !== undefined) return known;
  let ofOtherVersion: string | undefined;
  let withoutSdk: string | undefined;
  for (const candidate of new Set(candidates)) {
    const found = probe(candidate);
    if (found === 'complete' && runtime === `python${versions.get(candidate)}`) {
      choices.set(key, candidate);
      return candidate;
    }
    if (found === 'complete') ofOtherVersion ??= candidate;
    if (found === 'client only') withoutSdk ??= candidate;
  }
  if (ofOtherVersion !== undefined) choices.set(key, ofOtherVersion);
  return ofOtherVersion ?? withoutSdk;
}

/** What to know if the interpreter is not of the function's own version. */
export function otherPython(runtime: string, interpreter: string): string | undefined {
  const version = versions.get(interpreter);
  if (version === undefined || runtime === `python${version}`) return undefined;
  const own = runtime.slice('python'.length);
  return `runs with Python ${version} of ${dirname(dirname(interpreter))} instead of Python ${own}, so what works here may fail on AWS, and packages with compiled parts may not load. For the same version, make the virtual environment with python${own}`;
}

/** The command that makes a Python able to run the function: in the app's own venv, if it has one. */
export function pythonRemedy(codeDirectory: string): string {
  const venv = venvsOf(codeDirectory).find((folder) => existsSync(join(folder, 'bin', 'python')));
  return venv === undefined ? INSTALL_PYTHON_CLIENT : installIn(venv, PACKAGES);
}

/** What to do about an import that works on Lambda, whose runtimes have the SDK. */
export function missingSdkRemedy(errorMessage: string, interpreter: string): string | undefined {
  const [, name] = /No module named '(boto3|botocore)\b/.exec(errorMessage) ?? [];
  if (name === undefined) return undefined;
  return `Lambda's Python has ${name}, but ${interpreter} does not. Install it: ${installIn(dirname(dirname(interpreter)), 'boto3')}`;
}

/** A venv that uv has made has no pip. */
function installIn(venv: string, packages: string): string {
  const python = join(venv, 'bin', 'python');
  return existsSync(join(venv, 'bin', 'pip'))
    ? `${join(venv, 'bin', 'pip')} install ${packages}`
    : `uv pip install --python ${python} ${packages}`;
}

/** Folders that may be venvs: around the working folder and the code, and the active one. */
function venvsOf(codeDirectory: string): string[] {
  const { VIRTUAL_ENV } = process.env;
  const homes = [process.cwd(), ...parentsOf(codeDirectory)];
  const venvs = homes.flatMap((home) => VENVS.map((name) => join(home, name)));
  return VIRTUAL_ENV ? [...venvs, VIRTUAL_ENV] : venvs;
}

function probe(interpreter: string): Probe {
  if (complete.has(interpreter)) return 'complete';
  const { status, stdout } = spawnSync(interpreter, ['-c', PROBE], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PROBE_MILLIS,
    encoding: 'utf8',
  });
  versions.set(interpreter, stdout);
  if (status === 0) complete.add(interpreter);
  return status === 0 ? 'complete' : status === CLIENT_ONLY ? 'client only' : 'neither';
}

function parentsOf(folder: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(folder); parents.length < MOST_PARENTS; parent = dirname(parent)) {
    parents.push(parent);
    if (parent === dirname(parent)) break;
  }
  return parents;
}
