import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './recorded-terminal';

const ROOT = join(__dirname, '../..');
const FILES = ['.gitignore', 'README.md', 'app.ts', 'cdk.json', 'echo', 'package.json', 'tsconfig.json'];

function manifest(path: string): { version: string; dependencies: object; devDependencies: object } {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

describe('init', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'init-'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true, force: true });
  });

  it('writes a project into a new folder and says what to do next', async () => {
    const folder = join(parent, 'echo');
    const { exitCode, out } = await run(['init', folder]);
    expect(readdirSync(folder).sort()).toEqual(FILES);
    expect(out).toContain('  npm install\n  npm test ');
    expect(exitCode).toBe(0);
  });

  it('writes into an empty repository', async () => {
    mkdirSync(join(parent, '.git'));
    expect((await run(['init', parent])).exitCode).toBe(0);
    expect(readdirSync(parent).sort()).toEqual(['.git', ...FILES]);
  });

  it('refuses a folder with files, and leaves it alone', async () => {
    writeFileSync(join(parent, 'notes.txt'), 'mine');
    const { exitCode, complaint } = await run(['init', parent]);
    expect(complaint).toBe(
      `${parent} is not empty (notes.txt), and init overwrites nothing. Specify a new or an empty folder: npx shared-connection init my-service\n`,
    );
    expect(exitCode).toBe(1);
    expect(readdirSync(parent)).toEqual(['notes.txt']);
  });

  it('refuses a file', async () => {
    writeFileSync(join(parent, 'notes.txt'), 'mine');
    const { complaint } = await run(['init', join(parent, 'notes.txt')]);
    expect(complaint).toMatch(/notes\.txt is a file, but init writes a project into a folder\./);
  });
});

describe('the packages', () => {
  const { version } = manifest('package.json');

  it('have the same version', () => {
    expect(manifest('local/package.json').version).toBe(version);
    expect(manifest('package.json')).toMatchObject({
      peerDependencies: { 'shared-connection-local': version },
    });
  });

  it.each(['minimal', 'tutorial-chat'])('are in the example %s in this version', (name) => {
    expect(manifest(`examples/${name}/package.json`)).toMatchObject({
      dependencies: { 'shared-connection': version },
      devDependencies: { 'shared-connection-local': version },
    });
  });
});
