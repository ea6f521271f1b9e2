/** Loads modules of the pages into tests. jest runs CommonJS, and the pages are ES modules without a build step. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The exports of these modules of `web/scripts`. */
export function pageModules<Exports>(...paths: string[]): Exports {
  const contents = paths.map((path) => `export * from './${path}';`).join('\n');
  const [file] = buildSync({
    stdin: { contents, resolveDir: join(__dirname, '../../web/scripts') },
    ...{ bundle: true, format: 'cjs', target: 'node20', write: false },
  }).outputFiles;
  const module = { exports: {} };
  new Function('module', file?.text ?? '')(module);
  return module.exports as Exports;
}
