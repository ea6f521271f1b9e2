/** Bundles the functions, each service into the folder that is uploaded. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { BUILD_DIRECTORY, ENTRY_FILE } from './service-functions';

/**
 * `functions/chat` becomes `build/functions/chat/index.mjs`, minified, with the chunks that are only loaded when they are
 * needed (the SDK's other ways to credentials) and source maps beside it.
 * @throws Error if an entry has no `handlers.ts`; what esbuild finds wrong it has printed by then.
 */
export function bundleFunctions(root: string, entries: string[]): void {
  for (const entry of entries) {
    const file = join(root, entry, ENTRY_FILE);
    if (!existsSync(file)) {
      throw new Error(`The service ${entry} has no ${ENTRY_FILE}: ${file} should export its handlers.`);
    }
  }
  rmSync(join(root, BUILD_DIRECTORY), { recursive: true, force: true });
  for (const entry of entries) bundle(root, entry);
}

function bundle(root: string, entry: string): void {
  buildSync({
    absWorkingDir: root,
    entryPoints: [{ in: join(entry, ENTRY_FILE), out: 'index' }],
    outdir: join(root, BUILD_DIRECTORY, entry),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    mainFields: ['module', 'main'],
    splitting: true,
    // Names stay as they are, for errors and stacks. `keepNames` would do it too, but costs each post of the SDK a fifth more.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    // The SDK's CommonJS parts call require, which an ES module does not have.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
}
