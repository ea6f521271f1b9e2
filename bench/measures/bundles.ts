/** What a cold start pays for a function's bundle: its size, and its import in a fresh process. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../page';
import type { Samples } from './sides';

const IMPORTS = 10;
const SCRIPT = join(__dirname, 'import-time.cjs');
/** Where the continuous integration installs the other Node.js. */
const OTHER_NODE = '.cache/node24/node_modules/node/bin/node';

export function measureBundle(name: string, file: string, baselineFile: string, root: string): Row[] {
  const nodes = [process.execPath, join(root, OTHER_NODE)].filter((path) => existsSync(path));
  return [
    {
      what: `${name}: size of the bundle`,
      unit: 'KB',
      ours: [kilobytes(file)],
      baseline: [kilobytes(baselineFile)],
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

function kilobytes(file: string): number {
  return Math.round(statSync(file).size / 1_000);
}
