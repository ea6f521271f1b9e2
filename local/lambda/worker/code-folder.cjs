// Confines a function to its code folder, which is all that Lambda gets: packages of the project around it are missing
// there, and so is the project's package.json with its "type". The AWS SDK is the exception, since Lambda brings it.
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

/** The npm scopes in the Node.js runtime of Lambda. */
const PROVIDED_BY_LAMBDA = /^@(?:aws-sdk|smithy|aws-crypto|aws)\//;

/** Confines CommonJS modules to `root`, a real path. Returns what tells a file's module type. */
function confineModules(root) {
  const isInside = (file) => typeof file === 'string' && file.startsWith(root + path.sep);
  confineResolution(isInside);
  confineTypes(isInside, (file) => typeOf(root, file));
  return { typeOf: (file) => typeOf(root, file) };
}

function confineResolution(isInside) {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, ...rest) {
    if (!isInside(parent?.filename) || Module.isBuiltin(request))
      return resolve.call(this, request, parent, ...rest);
    if (PROVIDED_BY_LAMBDA.test(request)) {
      try {
        return resolve.call(this, request, parent, ...rest);
      } catch {
        return resolve.call(this, request, module, false);
      }
    }
    const file = resolve.call(this, request, parent, ...rest);
    if (isInside(file)) return file;
    process.stderr.write(
      `'${request}' is in ${file}, outside the function's code folder: on Lambda it would be missing. Bundle it.\n`,
    );
    const error = new Error(`Cannot find module '${request}'\nRequire stack:\n- ${parent.filename}`);
    throw Object.assign(error, { code: 'MODULE_NOT_FOUND', requireStack: [parent.filename] });
  };
}

/** A `.js` file without a package.json of its own is CommonJS, whatever the project around the folder says. */
function confineTypes(isInside, typeOfFile) {
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = (loaded, file) => {
    if (!isInside(file) || typeOfFile(file) !== undefined) return load(loaded, file);
    loaded._compile(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), file);
  };
}

/** `commonjs`, `module`, or undefined where nothing in the folder says so. */
function typeOf(root, file) {
  if (file.endsWith('.mjs')) return 'module';
  if (file.endsWith('.cjs')) return 'commonjs';
  for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type;
  }
  return undefined;
}

module.exports = { confineModules };
