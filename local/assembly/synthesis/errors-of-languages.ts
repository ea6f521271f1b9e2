/** The message of an app that is written in Python or Go, and its place in the app's own code. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';

const MAX_LINES = 5;

/** A frame of a Python traceback. */
const PYTHON_FRAME = /^\s+File "(.+)", line (\d+)/;
/** Packages, Python's own library, and modules without a file. */
const NOT_OF_PYTHON_APP = /[\\/](site-packages|dist-packages|lib[\\/]python[\d.]+)[\\/]|^</;
const GO_FRAME = /^\t(\/.+\.go):(\d+)/;
const NOT_OF_GO_APP = /\/pkg\/mod\/|\/src\/(runtime|internal)\//;

/** Undefined if the lines have no traceback of Python. */
export function pythonError(lines: string[], workingDirectory: string): string | undefined {
  const last = lines.findLastIndex((line) => PYTHON_FRAME.test(line));
  if (last < 0) return undefined;
  const start = lines.findIndex((line, index) => index > last && /^\S/.test(line));
  if (start < 0) return undefined;
  const message = lines
    .slice(start, start + MAX_LINES)
    .join('\n')
    .trim();
  const frames = lines.flatMap((line) => {
    const [, file, number] = PYTHON_FRAME.exec(line) ?? [];
    return file === undefined || NOT_OF_PYTHON_APP.test(file) ? [] : [{ file, number }];
  });
  const own = frames.at(-1);
  const remedy = /^ModuleNotFoundError: No module named/.test(message) ? venvRemedy(workingDirectory) : '';
  return `${message}${own ? ` (${short(own.file, workingDirectory)}:${own.number})` : ''}${remedy}`;
}

/** Undefined if the lines have no panic of Go. */
export function goPanic(lines: string[], workingDirectory: string): string | undefined {
  const start = lines.findIndex((line) => line.startsWith('panic: '));
  if (start < 0) return undefined;
  const rest = lines.slice(start);
  const end = rest.findIndex((line) => line.startsWith('goroutine '));
  const message = rest
    .slice(0, end < 0 ? MAX_LINES : Math.min(end, MAX_LINES))
    .join('\n')
    .trim();
  const own = rest.map((line) => GO_FRAME.exec(line)).find((frame) => frame && !NOT_OF_GO_APP.test(frame[0]));
  return `${message}${own?.[1] === undefined ? '' : ` (${short(own[1], workingDirectory)}:${own[2]})`}`;
}

/** The packages of a Python app are in its venv, which only an activated venv's `python3` finds. */
function venvRemedy(workingDirectory: string): string {
  const venv = ['.venv', 'venv']
    .map((name) => join(workingDirectory, name))
    .find((folder) => existsSync(join(folder, 'bin', 'activate')));
  if (venv === undefined) {
    return "\nInstall the app's Python packages, for example in a virtual environment: python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt";
  }
  return `\nThe app has a virtual environment. Activate it, and start again: . ${join(venv, 'bin', 'activate')}`;
}

function short(file: string, workingDirectory: string): string {
  if (!isAbsolute(file)) return file;
  const path = relative(workingDirectory, file);
  return path.startsWith('..') ? file : path;
}
