/** Compiles the sources of the runtime into the folder that is named: as they are laid out, complete or not at all. */
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
  // Node.js resolves an `import()` as an ES module, by the extension: here it becomes a `require`.
  supported: { 'dynamic-import': false },
});
for (const file of files.filter((file) => !isCompiled(file))) {
  mkdirSync(join(unfinished, dirname(file)), { recursive: true });
  cpSync(join(ROOT, file), join(unfinished, file));
}
// The console's page.
symlinkSync(join(ROOT, 'web'), join(unfinished, 'web'), 'junction');
try {
  renameSync(unfinished, built);
} catch (error) {
  rmSync(unfinished, { recursive: true });
  // Another run may have been faster.
  if (!existsSync(built)) throw error;
}
