// Shows a function the file system as on Lambda: the working folder is its code, also at /var/task, and its layers
// are at /opt. A thread cannot change the working folder of its process, so the functions of fs translate paths
// instead.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const TASK_ROOT = '/var/task';
const LAYERS = '/opt';

/** Functions of fs, by how many of their first arguments are paths. */
const FUNCTIONS = {
  1: [
    ...[
      'access',
      'appendFile',
      'chmod',
      'chown',
      'createReadStream',
      'createWriteStream',
      'exists',
      'lchown',
      'lstat',
    ],
    ...[
      'lutimes',
      'mkdir',
      'mkdtemp',
      'open',
      'openAsBlob',
      'opendir',
      'readFile',
      'readdir',
      'readlink',
      'realpath',
      'rm',
    ],
    ...[
      'rmdir',
      'stat',
      'statfs',
      'truncate',
      'unlink',
      'unwatchFile',
      'utimes',
      'watch',
      'watchFile',
      'writeFile',
    ],
  ],
  2: ['copyFile', 'cp', 'link', 'rename'],
};

/** Patches fs and process. Returns the function that translates a path. `layerRoot` is undefined without layers. */
function settleIn(taskRoot, layerRoot) {
  let workingFolder = taskRoot;
  const within = (given, from, to) =>
    given === from || given.startsWith(`${from}/`) ? to + given.slice(from.length) : undefined;
  const translateText = (given) => {
    if (given === '' || given.includes('\0')) return given;
    if (!path.isAbsolute(given)) return workingFolder + path.sep + given;
    const mapped = within(given, TASK_ROOT, taskRoot) ?? (layerRoot && within(given, LAYERS, layerRoot));
    return mapped ?? given;
  };
  const translate = (given) => {
    if (typeof given === 'string') return translateText(given);
    if (given instanceof URL && given.protocol === 'file:') return translateText(fileURLToPath(given));
    return given;
  };
  for (const [count, names] of Object.entries(FUNCTIONS)) {
    for (const name of names) {
      for (const [owner, key] of [
        [fs, name],
        [fs, `${name}Sync`],
        [fs.promises, name],
      ]) {
        const original = owner[key];
        if (typeof original !== 'function') continue;
        owner[key] = translating(original, Number(count), translate);
      }
    }
  }
  process.cwd = () => workingFolder;
  process.chdir = (given) => {
    const folder = path.resolve(translate(given));
    if (!fs.statSync(folder).isDirectory()) throw notDirectory(given);
    workingFolder = folder;
  };
  return { translate };
}

function translating(original, count, translate) {
  const translated = function (...args) {
    for (let index = 0; index < count; index += 1) args[index] = translate(args[index]);
    return original.apply(this, args);
  };
  // Such as `realpath.native`, and the symbol that promisify looks for.
  for (const key of Reflect.ownKeys(original)) {
    if (!Object.hasOwn(translated, key)) translated[key] = original[key];
  }
  return translated;
}

function notDirectory(given) {
  return Object.assign(new Error(`ENOTDIR: not a directory, chdir '${given}'`), {
    code: 'ENOTDIR',
    syscall: 'chdir',
  });
}

module.exports = { settleIn };
