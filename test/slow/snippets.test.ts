import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES, ROOT } from '../docs/pages';
import { fileOf, moduleOf, type Snippet, snippetsOf } from '../docs/snippets';

jest.setTimeout(300_000);

/** Inside the project, so that packages are found. */
const FOLDER = join(ROOT, '.cache/snippets');

const WRONG = snippetsOf(
  'wrong.md',
  [
    ...['# A page', '```ts', 'override async server() {', '  await this.writes(1);', '}', '```'],
    ...[
      '```ts',
      'const socket = await SharedConnection.open(id);',
      "await socket.write('a', 'b');",
      '```',
      '',
    ],
  ].join('\n'),
);

/** Resolves to the compiler's errors, each with its line in the page. */
async function errorsIn(snippets: Snippet[]): Promise<string[]> {
  rmSync(FOLDER, { recursive: true, force: true });
  const byFile = new Map(snippets.map((snippet) => [fileOf(snippet), snippet]));
  expect(byFile.size).toBe(snippets.length);
  for (const [file, snippet] of byFile) {
    mkdirSync(dirname(join(FOLDER, file)), { recursive: true });
    writeFileSync(join(FOLDER, file), moduleOf(snippet));
  }
  const paths = {
    'shared-connection': ['../../lib/index.ts'],
    'shared-connection/testing': ['../../lib/testing/index.ts'],
    'shared-connection/realtime': ['../../lib/realtime/index.ts'],
    'shared-connection/realtime/token': ['../../lib/realtime/token.ts'],
    'shared-connection/infra': ['../../infra/index.ts'],
  };
  const files = [...byFile.keys(), '../../test/docs/ambient.d.ts'];
  const config = { extends: '../../tsconfig.json', compilerOptions: { paths }, files, include: [] };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [compiler, '--pretty', 'false'], { cwd: FOLDER }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  return output
    .split('\n')
    .filter((line) => /error TS/.test(line))
    .map((line) => {
      const [, file = '', row = '', message] = /^(.+?)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
      const snippet = byFile.get(file);
      return snippet ? `${snippet.page}:${snippet.line + Number(row) - 2}: ${message}` : line;
    });
}

describe('the snippets of the pages', () => {
  let errors: string[];
  const snippets = PAGES.flatMap((page) => snippetsOf(page));
  beforeAll(async () => {
    errors = await errorsIn([...snippets, ...WRONG]);
  });

  it('exist', () => {
    expect(snippets.length).toBeGreaterThan(20);
  });

  it('compile', () => {
    expect(errors.filter((error) => !error.startsWith('wrong.md:'))).toEqual([]);
  });

  it('are really compiled: errors are found at their lines', () => {
    expect(errors.filter((error) => error.startsWith('wrong.md:'))).toEqual([
      expect.stringMatching(/^wrong\.md:4: Property 'writes' does not exist/),
      expect.stringMatching(/^wrong\.md:9: Expected 1 arguments, but got 2/),
    ]);
  });
});
