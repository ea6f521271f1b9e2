/**
 * Runs the command line from its sources in a clone, and compiles them first if a file has changed. The compiler runs
 * in a process of its own, because in this process it would keep 30 MB for its source maps.
 */
'use strict';

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { ROOT, sources } = require('./source-files.cjs');

// Node.js 22 and later cache compiled code.
require('node:module').enableCompileCache?.();

const BUILDS = join(ROOT, 'build/local');
/** Builds are kept this long, because a runtime that is still running may load files of an earlier build. */
const KEPT_MILLIS = 24 * 3_600_000;

const hash = createHash('sha256');
for (const file of sources()) {
  const { mtimeMs, size } = statSync(join(ROOT, file));
  hash.update(`${file}\0${mtimeMs}\0${size}\0`);
}
const built = join(BUILDS, hash.digest('hex').slice(0, 16));
if (!existsSync(built)) {
  removeOldBuilds();
  const { status } = spawnSync(process.execPath, [join(__dirname, 'compile-sources.cjs'), built], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
require(join(built, 'cli/main.js'));

function removeOldBuilds() {
  if (!existsSync(BUILDS)) return;
  for (const name of readdirSync(BUILDS)) {
    const folder = join(BUILDS, name);
    if (Date.now() - statSync(folder).mtimeMs > KEPT_MILLIS) rmSync(folder, { recursive: true, force: true });
  }
}
