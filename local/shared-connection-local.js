#!/usr/bin/env node
/** Starts the command line: in a clone, from the sources; in the package, from the build. */
const { existsSync } = require('node:fs');
const { join } = require('node:path');

// Node.js 22 and later cache compiled code.
require('node:module').enableCompileCache?.();

const source = join(__dirname, '../cli/main.ts');
if (existsSync(source)) {
  require('tsx/cjs');
  require(source);
} else {
  require('./dist/cli/main.js');
}
