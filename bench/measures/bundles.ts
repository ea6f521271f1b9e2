/** Measures what a function's bundle costs at a cold start: its size, and its import in a new process. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Row } from '../page';
import type { Samples } from './sides';

const IMPORTS = 10;
const SCRIPT = join(__dirname, 'import-time.cjs');
/** Where the CI run installs other versions of Node.js. */
const OTHER_NODE = '.cache/node24/node_modules/node/bin/node';

export function measureBundle(name: string, file: string, baselineFile: string, root: string): Row[] {
  const nodes = [process.execPath, join(root, OTHER_NODE)].filter((path) => existsSync(path));
  return [
    {
      what: `${name}: code loaded at every start`,
      unit: 'KB',
      ours: [kilobytes(loadedBy(file))],
      baseline: [kilobytes(loadedBy(baselineFile))],
      better: 'lower',
    },
    {
      what: `${name}: all code of the bundle`,
      unit: 'KB',
      ours: [kilobytes(codeBeside(file))],
      baseline: [kilobytes(codeBeside(baselineFile))],
      better: 'lower',
    },
    ...nodes.map(
      (node): Row => ({
        what: `${name}: import on Node.js ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`,
        unit: 'ms',
        ...importMillis(node, file, baselineFile),
        better: 'lower',
      }),
    ),
  ];
}

function importMillis(node: string, file: string, baselineFile: string): Samples<number> {
  const samples: Samples<number> = { ours: [], baseline: [] };
  for (let i = 0; i < IMPORTS; i += 1) {
    samples.ours.push(importOnce(node, file));
    samples.baseline.push(importOnce(node, baselineFile));
  }
  return samples;
}

function importOnce(node: string, file: string): number {
  return Number(execFileSync(node, [SCRIPT, file], { encoding: 'utf8' }));
}

/**
 * The file with all chunks that it imports statically, directly or indirectly. Chunks loaded by `import()` are
 * excluded.
 */
function loadedBy(file: string, known = new Set<string>()): string[] {
  if (known.has(file)) return [];
  known.add(file);
  for (const [, chunk = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*"\.\/([^"]+\.mjs)"/g)) {
    loadedBy(join(dirname(file), chunk), known);
  }
  return [...known];
}

function codeBeside(file: string): string[] {
  const folder = dirname(file);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => join(folder, name));
}

function kilobytes(files: string[]): number {
  return Math.round(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1_000);
}
