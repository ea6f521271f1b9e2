// Finds and loads a function's handler by the rules of Lambda's Node.js runtimes, with their error types
// (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, src/function).
'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { confineModules } = require('./code-folder.cjs');
const { confineEsModules } = require('./es-modules.cjs');
const { namedError } = require('./error-record.cjs');
const { LAST_WITH_CALLBACKS } = require('./invocation.cjs');

const EXTENSIONS = ['.js', '.mjs', '.cjs'];
const MODULE_SYNTAX =
  /import statement outside a module|Unexpected token 'export'|'import\.meta'|await is only valid/;
const NO_CALLBACKS =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/** Loads `file.export` from the folder. Throws the error that Lambda records for the init phase. */
async function loadHandler(folders, handlerName, nodeMajor) {
  const { folder, moduleName, exportName } = parse(handlerName);
  const handler = find(
    await loadModule(folders, path.join(folders.root, folder, moduleName), nodeMajor),
    exportName,
  );
  if (!handler) throw namedError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  if (typeof handler !== 'function') {
    throw namedError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  if (handler.length >= 3 && nodeMajor > LAST_WITH_CALLBACKS)
    throw namedError('Runtime.CallbackHandlerDeprecated', NO_CALLBACKS);
  return handler;
}

function parse(handlerName) {
  if (handlerName.includes('..')) {
    throw namedError(
      'Runtime.MalformedHandlerName',
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.posix.basename(handlerName);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw namedError('Runtime.MalformedHandlerName', 'Bad handler');
  return {
    folder: handlerName.slice(0, handlerName.indexOf(base)),
    moduleName: match[1],
    exportName: match[2],
  };
}

async function loadModule(folders, fileWithoutExtension, nodeMajor) {
  const { root } = folders;
  try {
    const file = EXTENSIONS.map((extension) => fileWithoutExtension + extension).find((name) =>
      existsSync(name),
    );
    if (!file) throw moduleNotFound(path.relative(root, fileWithoutExtension), root);
    return await importOrRequire(folders, file, nodeMajor);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const named = namedError('Runtime.UserCodeSyntaxError', String(error));
      named.stack = error.stack;
      throw named;
    }
    if (error?.code === 'MODULE_NOT_FOUND') throw namedError('Runtime.ImportModuleError', String(error));
    throw error;
  }
}

async function importOrRequire(folders, file, nodeMajor) {
  const { typeOf } = confineModules(folders);
  const type = typeOf(file);
  if (type !== 'module') {
    try {
      return require(file);
    } catch (error) {
      // Without a declared type, Node.js detects the module type by the syntax. Up to nodejs22.x, a module with
      // top-level await fails all the same, because it is loaded with `require`.
      const isSyntax = error instanceof SyntaxError && MODULE_SYNTAX.test(error.message);
      const awaits = error?.code === 'ERR_REQUIRE_ASYNC_MODULE' && nodeMajor > LAST_WITH_CALLBACKS;
      const maybeModule = type === undefined && (isSyntax || awaits);
      if (!maybeModule) throw error;
    }
  }
  confineEsModules(folders);
  return import(pathToFileURL(file).href);
}

function moduleNotFound(name, root) {
  const error = new Error(`Cannot find module '${name}' in ${root}`);
  return Object.assign(error, { code: 'MODULE_NOT_FOUND' });
}

function find(module, exportName) {
  const within = (start) =>
    exportName
      .split('.')
      .reduce((value, key) => (value && typeof value === 'object' ? value[key] : undefined), start);
  return within(module) ?? within(module?.default);
}

module.exports = { loadHandler };
