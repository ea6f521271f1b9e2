/** Bundles the functions, each service into the folder that is uploaded. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { fillFolder, writeWhole } from './bundle-folder';
import { BUILD_DIRECTORY, ENTRY_FILES } from './service-functions';

/** How every function is bundled. */
export const COMMON_OPTIONS: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  splitting: true,
  // Names stay as they are, for errors and stack traces. `keepNames` would do that too, but makes each post of the
  // SDK a fifth slower.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  // The SDK's CommonJS parts call require, which ES modules do not have.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};

/**
 * In the folder `root`, `functions/chat` becomes `build/functions/chat/index.mjs`, with source maps and with chunks
 * that are loaded only when needed (the SDK's other credential providers). The constructs look for it in the working
 * directory, which should be `root`. The file `build/functions/chat.esbuild.json` beside the folder says how the
 * bundle was made, so that `shared-connection dev` can make it again without a synthesis.
 * @throws Error if an entry is not a folder below `root`, or has no `handlers.ts` or `handlers.js`, or if the package
 * esbuild is not installed. esbuild prints its own errors.
 */
export function bundleFunctions(root: string, entries: string[]): void {
  const found = entries.map((entry) => entryOf(root, entry));
  for (const { folder, file } of found) bundle(root, folder, file);
}

/** The folder, and its file to bundle, relative to `root`. */
function entryOf(root: string, entry: string): { folder: string; file: string } {
  const folder = relative(root, resolve(root, entry));
  if (folder === '' || folder.startsWith('..') || isAbsolute(folder) || isAbsolute(entry)) {
    throw new Error(
      `The entry ${JSON.stringify(entry)} is not a folder below ${root}. Pass its path relative to that folder, such as functions/chat.`,
    );
  }
  const name = ENTRY_FILES.find((file) => existsSync(join(root, folder, file)));
  if (name) return { folder, file: join(folder, name) };
  throw new Error(
    `The folder ${folder} has no ${ENTRY_FILES.join(' or ')}: ${join(root, folder, ENTRY_FILES[0])} must export its handlers.`,
  );
}

function bundle(root: string, folder: string, file: string): void {
  const outdir = join(BUILD_DIRECTORY, folder);
  const options: BuildOptions = { ...COMMON_OPTIONS, entryPoints: [{ in: file, out: 'index' }], outdir };
  const { outputFiles } = esbuild().buildSync({
    ...options,
    ...{ absWorkingDir: root, logLevel: 'warning', write: false },
  });
  // Only the bundle's own folder. Other files in `build` may belong to somebody else.
  fillFolder(join(root, outdir), outputFiles);
  const record = Buffer.from(`${JSON.stringify(options)}\n`);
  writeWhole({ path: join(root, `${outdir}.esbuild.json`), contents: record });
}

/** Loaded on demand, so that apps that bundle in another way do not need esbuild. */
function esbuild(): typeof import('esbuild') {
  try {
    return require('esbuild') as typeof import('esbuild');
  } catch (cause) {
    throw new Error(
      'bundleFunctions bundles with the package esbuild, which is not installed. Install it: npm install -D esbuild',
      { cause },
    );
  }
}
