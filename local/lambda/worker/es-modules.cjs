// ES modules of a function by the same rules as its CommonJS: from its code folder and its layers, the SDK besides. Their hooks
// live in a thread of their own, which takes its time to start: only a module that imports packages by name gets them.
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
