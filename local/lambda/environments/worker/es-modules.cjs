// Confines ES modules by the rules for CommonJS modules (see code-folder.cjs): a function's code folder, its layers
// and the SDK. Node.js runs the hooks in a thread of its own, which is slow to start, so they are registered only if
// a module imports packages by name.
'use strict';

const { readdirSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const NAMED_IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*(["'])(?![./])([^"']+)\1/g;

function confineEsModules(folders) {
  const files = readdirSync(folders.root).filter((name) => /\.m?js$/.test(name));
  if (!files.some((name) => importsByName(path.join(folders.root, name)))) return;
  Module.register(pathToFileURL(path.join(__dirname, 'es-hooks.mjs')).href, { data: folders });
}

function importsByName(file) {
  for (const [, , specifier] of readFileSync(file, 'utf8').matchAll(NAMED_IMPORT)) {
    if (!Module.isBuiltin(specifier)) return true;
  }
  return false;
}

module.exports = { confineEsModules };
