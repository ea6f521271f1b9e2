/** Bundles every entry point of the functions with one call of esbuild, into the folders that are uploaded. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { BUILD_DIRECTORY, ENTRY_FILE } from './service-functions';

/**
 * `functions/chat` becomes `build/functions/chat/index.mjs`, minified, with its source map beside it.
 * @throws Error if an entry has no `handlers.ts`; what esbuild finds wrong it has printed by then.
 */
export function bundleFunctions(root: string, entries: string[]): void {
  for (const entry of entries) {
    const file = join(root, entry, ENTRY_FILE);
    if (!existsSync(file)) {
      throw new Error(`The service ${entry} has no ${ENTRY_FILE}: ${file} should export its handlers.`);
    }
  }
  const outdir = join(root, BUILD_DIRECTORY);
  rmSync(outdir, { recursive: true, force: true });
  buildSync({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: join(entry, ENTRY_FILE), out: join(entry, 'index') })),
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    // The SDK's CommonJS parts call require, which an ES module does not have.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
}
