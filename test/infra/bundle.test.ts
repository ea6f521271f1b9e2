import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '../../infra/bundle';

describe('bundleFunctions', () => {
  let root: string;
  const write = (path: string, content: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bundle-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('bundles TypeScript and JavaScript, with source maps', () => {
    write('typed/handlers.ts', 'export const routes: string = "typed";');
    write('functions/plain/handlers.js', 'export const routes = "plain";');
    bundleFunctions(root, ['typed', 'functions/plain']);
    expect(readFileSync(join(root, 'build/typed/index.mjs'), 'utf8')).toContain('"typed"');
    expect(readFileSync(join(root, 'build/functions/plain/index.mjs'), 'utf8')).toContain('"plain"');
    expect(existsSync(join(root, 'build/typed/index.mjs.map'))).toBe(true);
  });

  it("clears an earlier bundle, and nothing else in 'build'", () => {
    write('typed/handlers.ts', 'export const routes = 1;');
    write('build/typed/old-chunk.mjs', '');
    write('build/of-another-tool.js', '');
    bundleFunctions(root, ['typed']);
    expect(existsSync(join(root, 'build/typed/old-chunk.mjs'))).toBe(false);
    expect(existsSync(join(root, 'build/of-another-tool.js'))).toBe(true);
  });

  it('does not touch a bundle that is up to date, so that another process can copy it in the meantime', () => {
    write('typed/handlers.ts', 'export const routes = 1;');
    bundleFunctions(root, ['typed']);
    const written = statSync(join(root, 'build/typed/index.mjs'));
    bundleFunctions(root, ['typed']);
    expect(statSync(join(root, 'build/typed/index.mjs'))).toMatchObject({
      ino: written.ino,
      mtimeMs: written.mtimeMs,
    });
    write('typed/handlers.ts', 'export const routes = 2;');
    bundleFunctions(root, ['typed']);
    expect(statSync(join(root, 'build/typed/index.mjs')).ino).not.toBe(written.ino);
  });

  it.each(['functions/plain/', './functions/plain', 'functions//plain'])(
    'writes the bundle of %s beside its record, as without the dots and slashes',
    (entry) => {
      write('functions/plain/handlers.js', 'export const routes = "plain";');
      bundleFunctions(root, [entry]);
      expect(readdirSync(join(root, 'build/functions')).sort()).toEqual(['plain', 'plain.esbuild.json']);
    },
  );

  it('names a missing file', () => {
    expect(() => bundleFunctions(root, ['typed'])).toThrow(
      /^The folder typed has no handlers\.ts or handlers\.js: .*typed/,
    );
  });

  it.each(['', '.', '..', '../other', '/tmp', 'a/../..'])(
    'refuses the entry %j, which is no folder below the root',
    (entry) => {
      expect(() => bundleFunctions(root, [entry])).toThrow(/is not a folder below/);
    },
  );

  it('loads the verification of JWTs only if it is configured', () => {
    const library = JSON.stringify(join(__dirname, '../../lib'));
    write(
      'chat/handlers.ts',
      `import { createHandlers, WebSocketServer } from ${library};
      export const { routes } = createHandlers(class extends WebSocketServer {});`,
    );
    bundleFunctions(root, ['chat']);
    const folder = join(root, 'build/chat');
    const text = (file: string) => readFileSync(join(folder, file), 'utf8');
    const isVerification = (file: string) => text(file).includes('JwtExpiredError');
    const atOnce = new Set(['index.mjs']);
    for (const file of atOnce) {
      for (const [, name] of text(file).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g))
        atOnce.add(name as string);
    }
    expect(
      readdirSync(folder)
        .filter((file) => file.endsWith('.mjs'))
        .some(isVerification),
    ).toBe(true);
    expect([...atOnce].filter(isVerification)).toEqual([]);
  });
});
