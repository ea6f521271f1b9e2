/**
 * Makes the package: `dist` holds each module as JavaScript with its source map and types, in folders as those of the
 * sources, so that workers lie beside the modules that start them. What functions import is there as ES modules, too.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  outdir: DIST,
  outbase: ROOT,
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
};

/** Each file stays one, so that bundlers leave out what is not used; an ES module must name the others with their extension. */
const fileByFile: Plugin = {
  name: 'file-by-file',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: `${path.replace(/\.js$/, '')}.mjs`, external: true },
    );
  },
};

/** The files below a folder, relative to the root. */
function filesOf(folder: string, extension: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => join(folder, file));
}

async function main(): Promise<void> {
  process.chdir(ROOT);
  rmSync(DIST, { recursive: true, force: true });
  const library = filesOf('lib', '.ts');
  const constructs = filesOf('infra', '.ts').filter((file) => file !== join('infra', 'app.ts'));
  const programs = [...filesOf('local', '.ts'), ...filesOf('cli', '.ts')];
  // Node.js resolves the files that an `import()` names as ES modules, with their extension: here it becomes a `require`.
  const supported = { 'dynamic-import': false };
  await build({ ...COMMON, supported, format: 'cjs', entryPoints: [...library, ...constructs, ...programs] });
  await build({
    ...COMMON,
    ...{ format: 'esm', entryPoints: library, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, packages: 'external', plugins: [fileByFile] },
  });
  for (const worker of [...filesOf('local', '.cjs'), ...filesOf('local', '.mjs')])
    cpSync(worker, join(DIST, worker));
  declareTypes();
}

/** The declarations, for `require` and, under names of their own, for `import`. */
function declareTypes(): void {
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'packaging'], {
    stdio: 'inherit',
  });
  for (const file of filesOf(join('dist', 'lib'), '.d.ts')) {
    const text = readFileSync(file, 'utf8').replace(/(from ')(\.\.?\/[^']+)(')/g, '$1$2.mjs$3');
    writeFileSync(file.replace(/\.d\.ts$/, '.d.mts'), text);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`The package was not built: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
