/**
 * Compiles the sources of the runtime into the given folder, in the same layout. The folder appears only when it is
 * complete.
 */
'use strict';

const { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { buildSync } = require('esbuild');
const { ROOT, sources } = require('./source-files.cjs');

const [, , built] = process.argv;
const folder = dirname(built);
mkdirSync(folder, { recursive: true });
const unfinished = mkdtempSync(join(folder, 'unfinished-'));
const files = sources();
const isCompiled = (file) => file.endsWith('.ts');

buildSync({
  absWorkingDir: ROOT,
  entryPoints: files.filter(isCompiled),
  outbase: ROOT,
  outdir: unfinished,
  ...{ format: 'cjs', platform: 'node', target: 'node20', logLevel: 'warning' },
  // Node.js would resolve an `import()` as an ES module, which needs the file extension, so it becomes a `require`.
  supported: { 'dynamic-import': false },
});
for (const file of files.filter((file) => !isCompiled(file))) {
  mkdirSync(join(unfinished, dirname(file)), { recursive: true });
  cpSync(join(ROOT, file), join(unfinished, file));
}
// The web page of the console.
symlinkSync(join(ROOT, 'web'), join(unfinished, 'web'), 'junction');
try {
  renameSync(unfinished, built);
} catch (error) {
  rmSync(unfinished, { recursive: true });
  // Another process may have finished the same build first.
  if (!existsSync(built)) throw error;
}
