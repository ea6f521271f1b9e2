// Prints how many milliseconds a fresh process takes to import a module.
'use strict';

const { pathToFileURL } = require('node:url');

const url = pathToFileURL(process.argv[2]).href;
const begun = performance.now();
void import(url).then(() => {
  process.stdout.write(String(performance.now() - begun), () => process.exit(0));
});
