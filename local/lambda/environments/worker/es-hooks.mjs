// Resolves what a function's ES modules import (see es-modules.cjs).
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const {
  isProvided,
  isWithin,
  mappedPath,
  missingSdkText,
  outsideText,
  PROJECT,
  unknownSdkText,
} = require('./code-folder.cjs');
const { isInRuntime } = require('./runtime-sdk.cjs');

let folders;

export function initialize(data) {
  folders = data;
}

export async function resolve(specifier, context, next) {
  const parent = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : undefined;
  if (parent === undefined || !isWithin(folders, parent) || isBuiltin(specifier))
    return next(specifier, context);
  if (specifier.startsWith('/')) return next(pathToFileURL(mappedPath(folders, specifier)).href, context);
  const fromLambda = isProvided(folders, specifier);
  // Lambda also searches NODE_PATH for ES modules.
  const places = [
    context.parentURL,
    ...folders.searched.map((folder) => pathToFileURL(path.join(path.dirname(folder), 'layer.mjs')).href),
  ];
  const isInSdk = fromLambda && isInRuntime(specifier);
  if (isInSdk) places.push(pathToFileURL(path.join(PROJECT, 'project.mjs')).href, import.meta.url);
  let failure;
  for (const parentURL of places) {
    try {
      const found = await next(specifier, { ...context, parentURL });
      const file = found.url.startsWith('file:') ? fileURLToPath(found.url) : undefined;
      if (file === undefined || isInSdk || isWithin(folders, file)) return found;
      process.stderr.write(fromLambda ? unknownSdkText(specifier) : outsideText(specifier, file));
      failure ??= Object.assign(new Error(`Cannot find package '${specifier}' imported from ${parent}`), {
        code: 'ERR_MODULE_NOT_FOUND',
      });
    } catch (error) {
      failure ??= error;
    }
  }
  if (isInSdk) failure.message = missingSdkText(specifier);
  throw failure;
}
