/**
 * Makes the two packages: `dist` has the library, the constructs and `init`; `local/dist` has the local runtime with its
 * commands. Modules stay files, in folders like those of the sources. What functions import is there as ES modules, too.
 * Arguments: `library` or `local` makes only one of them.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { MADE_FILES, PACKAGED_NAMES } from '../cli/init';
import { COMMON_OPTIONS } from '../infra/bundle';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
const TEMPLATE = join(ROOT, 'examples/minimal');
const LOCAL_DIST = join(ROOT, 'local/dist');

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  outdir: DIST,
  outbase: ROOT,
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
};

/** Compiles file by file, so that bundlers can omit unused code. ES modules must import others with their extension. */
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
    .filter((file) => file.endsWith(extension) && !/(^|\/)(dist|node_modules)\//.test(file))
    .map((file) => join(folder, file));
}

async function main(): Promise<void> {
  process.chdir(ROOT);
  const only = process.argv[2];
  if (only !== 'local') await buildLibrary();
  if (only !== 'library') await buildRuntime();
}

// Node.js resolves the files that an `import()` names as ES modules, with their extension: here it becomes a `require`.
const COMMONJS: BuildOptions = { ...COMMON, format: 'cjs', supported: { 'dynamic-import': false } };

async function buildLibrary(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  const library = filesOf('lib', '.ts');
  const constructs = filesOf('infra', '.ts').filter((file) => file !== join('infra', 'app.ts'));
  await build({ ...COMMONJS, entryPoints: [...library, ...constructs] });
  await build({
    ...COMMON,
    ...{ format: 'esm', entryPoints: library, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, packages: 'external', plugins: [fileByFile] },
  });
  // In one file, because it needs nothing else of the command line.
  await build({ ...COMMONJS, bundle: true, sourcemap: false, entryPoints: ['cli/library-command.ts'] });
  // Bundled, so that users of IncomingFiles need neither its sources nor the SDK's S3 client.
  await build({
    ...COMMON_OPTIONS,
    ...{ absWorkingDir: ROOT, logLevel: 'warning', outdir: join(DIST, 'functions/ingest'), sourcemap: false },
    entryPoints: [{ in: 'functions/ingest/handlers.ts', out: 'index' }],
  });
  copyTemplate(DIST);
  declareTypes();
}

/** Includes the modules of the library that the commands for connections need. */
async function buildRuntime(): Promise<void> {
  rmSync(LOCAL_DIST, { recursive: true, force: true });
  const programs = [...filesOf('local', '.ts'), ...filesOf('cli', '.ts')].filter(
    (file) => file !== join('cli', 'library-command.ts'),
  );
  const { metafile } = await build({
    ...COMMONJS,
    ...{ entryPoints: programs, outdir: LOCAL_DIST, bundle: true, packages: 'external' },
    ...{ write: false, metafile: true },
  });
  const needed = Object.keys(metafile.inputs).filter((file) => file.startsWith('lib/'));
  await build({ ...COMMONJS, outdir: LOCAL_DIST, entryPoints: [...programs, ...needed] });
  for (const worker of ['.cjs', '.mjs', '.py'].flatMap((extension) => filesOf('local', extension)))
    cpSync(worker, join(LOCAL_DIST, worker));
  for (const part of ['console.html', 'console', 'styles/base.css'])
    cpSync(join('web', part), join(LOCAL_DIST, 'web', part), { recursive: true });
  copyTemplate(LOCAL_DIST);
  cpSync('LICENSE', 'local/LICENSE');
}

/** What `init` writes is the example, file by file. */
function copyTemplate(dist: string): void {
  for (const name of readdirSync(TEMPLATE).filter((file) => !MADE_FILES.has(file)))
    cpSync(join(TEMPLATE, name), join(dist, 'template', PACKAGED_NAMES[name] ?? name), { recursive: true });
}

/** The declarations, for `require` and, under names of their own, for `import`. */
function declareTypes(): void {
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'packaging'], {
    stdio: 'inherit',
  });
  for (const file of declarationsOf('lib')) {
    const text = readFileSync(file, 'utf8').replace(/(from ')(\.\.?\/[^']+)(')/g, '$1$2.mjs$3');
    writeFileSync(file.replace(/\.d\.ts$/, '.d.mts'), text);
  }
}

function declarationsOf(folder: string): string[] {
  return readdirSync(join('dist', folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => join('dist', folder, file));
}

main().catch((error: unknown) => {
  process.stderr.write(`The package was not built: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
