/** Bundles the npm packages that the pages import, since browsers do not know `node_modules`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { fillFolder } from './bundle-folder';

/** Each package becomes a module, such as `web/build/centrifuge.mjs`. Other files of that folder are deleted. */
export function bundlePageLibraries(root: string, names: string[]): void {
  const outdir = join(root, 'web/build');
  const files = names.flatMap((name) => {
    const { outputFiles } = buildSync({
      entryPoints: [name],
      ...{ bundle: true, minify: true, platform: 'browser', format: 'esm', target: 'es2022' },
      // The license must accompany each copy of the package.
      banner: { js: `/*!\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}*/` },
      ...{ outdir, outExtension: { '.js': '.mjs' } },
      ...{ absWorkingDir: root, logLevel: 'warning', write: false },
    });
    return outputFiles;
  });
  fillFolder(outdir, files);
}
