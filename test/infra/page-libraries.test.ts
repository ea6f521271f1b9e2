import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundlePageLibraries } from '../../infra/page-libraries';

describe('bundlePageLibraries', () => {
  let root: string;
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'page-libraries-'));
    write('node_modules/client/package.json', '{"main":"index.js","module":"index.mjs"}');
    write('node_modules/client/index.mjs', "import { part } from 'other'; export const client = part;");
    write('node_modules/client/LICENSE', 'Anybody may use it.\n');
    write('node_modules/other/package.json', '{"main":"index.js"}');
    write('node_modules/other/index.js', "exports.part = 'of another package';");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('bundles a package into one module without imports, with its license', () => {
    bundlePageLibraries(root, ['client']);
    const text = readFileSync(join(root, 'web/build/client.mjs'), 'utf8');
    expect(text).toMatch(/^\/\*!\nAnybody may use it\.\n\*\//);
    expect(text).toContain('of another package');
    expect(text).toMatch(/export ?\{\w+ as client\}/);
    expect(text).not.toMatch(/import|require\(/);
  });

  it('deletes a library that is no longer used', () => {
    write('web/build/old.mjs', '');
    write('web/page.mjs', '');
    bundlePageLibraries(root, ['client']);
    expect(existsSync(join(root, 'web/build/old.mjs'))).toBe(false);
    expect(existsSync(join(root, 'web/page.mjs'))).toBe(true);
  });
});
