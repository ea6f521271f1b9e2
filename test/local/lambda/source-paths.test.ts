import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withSourcePaths } from '../../../local/lambda/source-paths';

describe('withSourcePaths', () => {
  const around = mkdtempSync(join(tmpdir(), 'source-paths-'));
  const project = join(around, 'project');
  const code = join(project, 'cdk.out', 'asset.1');
  const source = join(project, 'functions', 'chat', 'server.ts');
  beforeAll(() => {
    mkdirSync(join(source, '..'), { recursive: true });
    mkdirSync(code, { recursive: true });
    writeFileSync(source, '');
  });
  afterAll(() => rmSync(around, { recursive: true }));

  it.each<[string, string]>([
    ['too high', join(around, 'functions', 'chat', 'server.ts')],
    ['too deep', join(project, 'cdk.out', 'functions', 'chat', 'server.ts')],
    ['right', source],
  ])('replaces a path by the source that a map has %s', (_, named) => {
    const stack = (file: string) => `Error: no\n    at run (${file}:7:3)\n    at ${file}:9:1`;
    expect(withSourcePaths(stack(named), code, '/nowhere')).toBe(stack(source));
  });

  it('also finds sources in the working directory, wherever the code is', () => {
    const text = `at run (/tmp/functions/chat/server.ts:7:3)`;
    expect(withSourcePaths(text, '/tmp/build-1', project)).toBe(`at run (${source}:7:3)`);
  });

  it.each([
    'at run (/else/where.ts:7:3)',
    'at node:internal/timers:581:17',
    'POST /functions/chat/server.ts',
  ])('leaves what it does not find: %s', (text) => expect(withSourcePaths(text, code, project)).toBe(text));
});
