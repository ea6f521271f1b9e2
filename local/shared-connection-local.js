#!/usr/bin/env node
/** Starts the command line: from its sources in a clone; in the package, as it was built. */
const { existsSync } = require('node:fs');
const { join } = require('node:path');

// Node.js 22 and later keep what they have compiled.
require('node:module').enableCompileCache?.();

const source = join(__dirname, '../cli/main.ts');
if (existsSync(source)) {
  require('tsx/cjs');
  require(source);
} else {
  require('./dist/cli/main.js');
}
