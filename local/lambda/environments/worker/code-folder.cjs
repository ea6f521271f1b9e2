// Confines a function's modules to its code folder, because that is all that is deployed to Lambda. Packages of the
// surrounding project are missing there, and so is the project's package.json with its "type". The AWS SDK is the
// exception: Lambda's runtimes include it.
'use strict';

const { existsSync, readFileSync, realpathSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { isInRuntime } = require('./runtime-sdk.cjs');

/** The SDK in Lambda's Node.js runtimes: version 2 up to nodejs16.x, version 3 in later ones. */
const SDK_2 = /^aws-sdk(?:$|\/)/;
const SDK_3 = /^@(?:aws-sdk|smithy|aws-crypto|aws)\//;
const LAST_WITH_SDK_2 = 16;

/** The folder that the app is run from, usually the root of its project. */
const PROJECT = process.cwd();

/** Confines CommonJS modules to the folders. Returns a function that tells a file's module type. */
function confineModules(folders) {
  const { root } = folders;
  const isInside = (file) => typeof file === 'string' && isWithin(folders, file);
  confineResolution(folders, isInside);
  confineTypes(isInside, (file) => typeOf(root, file));
  return { typeOf: (file) => typeOf(root, file) };
}

/**
 * The folders that may contain a function's modules. `root` has its symbolic links resolved; `layerRoot` is the
 * folder of the function's layers, if it has any.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
 */
function moduleFolders(taskRoot, layerRoot, nodeMajor) {
  const root = existsSync(taskRoot) ? realpathSync(taskRoot) : taskRoot;
  if (layerRoot === undefined) return { root, searched: [], nodeMajor };
  const layers = realpathSync(layerRoot);
  const searched = [`nodejs/node${nodeMajor}/node_modules`, 'nodejs/node_modules'].map((name) =>
    path.join(layers, name),
  );
  return { root, layers, searched, nodeMajor };
}

function isProvided({ nodeMajor }, request) {
  return (nodeMajor > LAST_WITH_SDK_2 ? SDK_3 : SDK_2).test(request);
}

function isWithin({ root, layers }, file) {
  return [root, layers].some((folder) => folder !== undefined && file.startsWith(folder + path.sep));
}

function confineResolution(folders, isInside) {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, ...rest) {
    if (!isInside(parent?.filename) || Module.isBuiltin(request))
      return resolve.call(this, request, parent, ...rest);
    if (isProvided(folders, request)) return provided(resolve, request, parent, rest, folders);
    const file = find(resolve, folders, mappedPath(folders, request), parent, rest);
    if (isInside(file)) return file;
    process.stderr.write(outsideText(request, file));
    throw notFound(`Cannot find module '${request}'`, parent);
  };
}

/** Looks in the folder of the importing file and the folders above it, then in the layers. */
function find(resolve, { searched }, request, parent, rest) {
  try {
    return resolve(request, parent, ...rest);
  } catch (error) {
    if (searched.length === 0 || /^[./]/.test(request)) throw error;
    return resolve(request, parent, false, { paths: searched });
  }
}

/**
 * Finds a package of the SDK in the function's code, its layers or the app's project, or else in this runtime's own
 * packages.
 */
function provided(resolve, request, parent, rest, folders) {
  try {
    const file = find(resolve, folders, request, parent, rest);
    if (isWithin(folders, file) || isInRuntime(request)) return file;
  } catch {}
  refuseUnknown(request, parent);
  try {
    return resolve(request, module, false, { paths: [PROJECT, __dirname] });
  } catch {
    throw notFound(missingSdkText(request), parent);
  }
}

/** Refuses packages that Lambda's SDK does not have (yet, or any longer), even if the project has them. */
function refuseUnknown(request, parent) {
  if (isInRuntime(request)) return;
  process.stderr.write(unknownSdkText(request));
  throw notFound(`Cannot find module '${request}'`, parent);
}

function notFound(message, parent) {
  const error = new Error(`${message}\nRequire stack:\n- ${parent.filename}`);
  return Object.assign(error, { code: 'MODULE_NOT_FOUND', requireStack: [parent.filename] });
}

function outsideText(request, file) {
  return `'${request}' is in ${file}, outside the function's code folder. It would be missing on Lambda. Bundle it.\n`;
}

function unknownSdkText(request) {
  return `'${request}' is not part of the AWS SDK in Lambda's runtimes. It would be missing on Lambda. Bundle it: bundling: { externalModules: [] }.\n`;
}

function missingSdkText(request) {
  const name = request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
  return `Cannot find module '${request}', which Lambda's runtime includes but this machine does not have. Install it: npm install --save-dev ${name}`;
}

/** Maps /opt to the layers and /var/task to the code. */
function mappedPath({ root, layers }, request) {
  if (layers !== undefined && request.startsWith('/opt/')) return layers + request.slice('/opt'.length);
  return request.startsWith('/var/task/') ? root + request.slice('/var/task'.length) : request;
}

/** A `.js` file without a package.json in the code folder is CommonJS, whatever the surrounding project declares. */
function confineTypes(isInside, typeOfFile) {
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = (loaded, file) => {
    if (!isInside(file) || typeOfFile(file) !== undefined) return load(loaded, file);
    loaded._compile(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), file);
  };
}

/** `commonjs`, `module`, or undefined if nothing in the folder declares a type. */
function typeOf(root, file) {
  if (file.endsWith('.mjs')) return 'module';
  if (file.endsWith('.cjs')) return 'commonjs';
  for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type;
  }
  return undefined;
}

module.exports = {
  confineModules,
  isWithin,
  mappedPath,
  missingSdkText,
  unknownSdkText,
  moduleFolders,
  outsideText,
  isProvided,
  PROJECT,
};
