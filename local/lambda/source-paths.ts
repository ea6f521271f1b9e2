/**
 * Finds the source files in a stack trace. A source map has paths relative to the folder where the bundle was made,
 * but the CDK has copied the bundle to another folder, at another depth.
 */
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** A file with line and column, in a stack frame or above the source line. */
const PLACE = /(?:file:\/\/)?(\/[^\s():]+|[A-Za-z]:\\[^\s():]+)(?=:\d+)/g;
/** The folders above the code in which sources are searched: the assembly, and the project around it. */
const MOST_PARENTS = 3;

/**
 * Corrects each path whose file does not exist, if the file is found around the code's folder or `workingDirectory`.
 */
export function withSourcePaths(text: string, codeDirectory: string, workingDirectory = process.cwd()) {
  const roots = [workingDirectory, ...parentsOf(codeDirectory)];
  const known = new Map<string, string>();
  return text.replace(PLACE, (place, path: string) => {
    let found = known.get(path);
    if (found === undefined) {
      found = existsSync(path) ? path : find(path, roots);
      known.set(path, found ?? path);
    }
    return found === undefined ? place : place.replace(path, found);
  });
}

function parentsOf(folder: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(folder); parents.length < MOST_PARENTS; parent = dirname(parent)) {
    if (parent === dirname(parent)) break;
    parents.push(parent);
  }
  return parents;
}

/** The longest end of the path, with at least a folder and a file, that exists in one of the folders. */
function find(path: string, roots: string[]): string | undefined {
  const segments = path.split(/[/\\]/);
  for (let first = 1; first < segments.length - 1; first += 1) {
    const end = segments.slice(first).join(sep);
    const root = roots.find((folder) => existsSync(join(folder, end)));
    if (root !== undefined) return join(root, end);
  }
  return undefined;
}
