/** The sources that the command line runs from in a clone. */
'use strict';

const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
/** The runtime, the commands for connections, and the library that these commands use. */
const FOLDERS = ['local', 'cli', 'lib'];

/** Their paths, relative to the root. */
function sources() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((file) => join(folder, file))
      .filter((file) => /\.(ts|cjs|mjs|py)$/.test(file) && !/[\\/](dist|node_modules)[\\/]/.test(file)),
  );
}

module.exports = { ROOT, sources };
