/** A copy of an example in its own folder, with this repository's sources instead of the published packages. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
/** What the app and its bundles need in addition to the library. */
const PACKAGES = ['aws-cdk-lib', 'constructs', 'esbuild', 'tsx', 'zod'];
const ENTRIES = { index: 'lib', infra: 'infra', testing: 'lib/testing' };

export class ExampleProject {
  private constructor(readonly directory: string) {}

  static of(name: string): ExampleProject {
    const directory = mkdtempSync(join(tmpdir(), `${name}-`));
    const source = join(ROOT, 'examples', name);
    const isSource = (path: string) =>
      !/\/(node_modules|build|cdk\.out)(\/|$)/.test(path.slice(source.length));
    cpSync(source, directory, { recursive: true, filter: isSource });
    const modules = join(directory, 'node_modules');
    const library = join(modules, 'shared-connection');
    mkdirSync(library, { recursive: true });
    for (const name of PACKAGES) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const exports = { '.': './index.ts', './infra': './infra.ts', './testing': './testing.ts' };
    writeFileSync(
      join(library, 'package.json'),
      JSON.stringify({ name: 'shared-connection', version, exports }),
    );
    for (const [entry, folder] of Object.entries(ENTRIES)) {
      writeFileSync(join(library, `${entry}.ts`), `export * from ${JSON.stringify(join(ROOT, folder))};\n`);
    }
    return new ExampleProject(directory);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
