import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findApp } from '../../../../local/assembly/synthesis/app-source';
import { Fingerprint } from '../../../../local/assembly/synthesis/fingerprint';

const ROOT = mkdtempSync(join(tmpdir(), 'fingerprint-'));
afterAll(() => rmSync(ROOT, { recursive: true }));

/** A project with an app in its own folder, and an assembly with a recorded fingerprint. */
function synthesized(isRepository = true): { project: string; app: string } {
  const project = mkdtempSync(join(ROOT, 'project-'));
  const app = join(project, 'app');
  for (const folder of ['app/infra', 'lib', 'app/build', 'app/.cache', 'app/cdk.out', 'node_modules/pkg']) {
    mkdirSync(join(project, folder), { recursive: true });
  }
  const files = {
    '.gitignore': 'node_modules/\ncdk.out/\nbuild/\n.cache/\n.env\n',
    'package-lock.json': '{}',
    'lib/shared.ts': '1',
    'node_modules/.package-lock.json': '{}',
    'node_modules/pkg/index.js': '1',
    'app/cdk.json': JSON.stringify({ app: 'node app', context: { a: 1 } }),
    'app/infra/app.ts': '1',
    'app/.env': 'A=1',
    'app/.cache/tool': '1',
    'app/build/index.js': '1',
    'app/cdk.out/manifest.json': '{}',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
  if (isRepository) execFileSync('git', ['init', '-q'], { cwd: project });
  now(app).record('a warning');
  return { project, app };
}

function now(app: string, dataDirectories: string[] = []): Fingerprint {
  const source = findApp(undefined, app);
  if (source.kind !== 'command') throw new Error('The project has no command');
  return Fingerprint.of({ ...source.synthesis, dataDirectories });
}

describe('Fingerprint', () => {
  afterEach(() => {
    delete process.env.STAGE_OF_THE_APP;
  });

  it.each([
    ['in a repository', true, 'app/incoming'],
    ['in a plain folder', false, 'app/incoming'],
    ['in a folder that Git ignores', true, 'app/build/incoming'],
  ])('ignores the runtime’s data %s', (_, isRepository, folder) => {
    const { project, app } = synthesized(isRepository);
    const directory = join(project, folder);
    mkdirSync(directory);
    writeFileSync(join(directory, 'file'), '1');
    expect(now(app, [directory]).matching()).toBeDefined();
    expect(now(app, [`${directory}-2`]).matching()).toBeUndefined();
  });

  it.each([
    ['in a repository', true],
    ['in a plain folder', false],
  ])('matches %s if nothing has changed, and keeps the app’s output', (_, isRepository) => {
    expect(now(synthesized(isRepository).app).matching()).toEqual({ printed: 'a warning' });
  });

  it.each([
    'app/infra/app.ts',
    'app/cdk.json',
    'lib/shared.ts',
    'package-lock.json',
    'node_modules/.package-lock.json',
    'app/.env',
    'app/build/index.js',
    'app/cdk.out/manifest.json',
  ])('notices a change of %s', (file) => {
    const { project, app } = synthesized();
    appendFileSync(join(project, file), ' ');
    expect(now(app).matching()).toBeUndefined();
  });

  it.each<[string, (project: string) => void]>([
    ['a new file', (project) => writeFileSync(join(project, 'app/infra/more.ts'), '')],
    ['a file that has gone', (project) => rmSync(join(project, 'lib/shared.ts'))],
    ['a file that was damaged', (project) => truncateSync(join(project, 'app/cdk.out/manifest.json'))],
    ['an assembly that has gone', (project) => rmSync(join(project, 'app/cdk.out'), { recursive: true })],
    ['a damaged record', (project) => writeFileSync(join(project, 'app/cdk.out/fingerprint.json'), '{')],
    ['an environment variable', () => Object.assign(process.env, { STAGE_OF_THE_APP: 'test' })],
  ])('notices %s', (_, change) => {
    const { project, app } = synthesized();
    change(project);
    expect(now(app).matching()).toBeUndefined();
  });

  it('notices a change in a folder without Git', () => {
    const { app } = synthesized(false);
    appendFileSync(join(app, 'infra/app.ts'), ' ');
    expect(now(app).matching()).toBeUndefined();
  });

  it('notices a change during the synthesis', () => {
    const { app } = synthesized();
    const before = now(app);
    appendFileSync(join(app, 'infra/app.ts'), ' ');
    before.record('');
    expect(now(app).matching()).toBeUndefined();
  });

  it("ignores tools' caches and the terminal", () => {
    const { app } = synthesized();
    appendFileSync(join(app, '.cache/tool'), ' ');
    process.env.SHLVL = `${process.env.SHLVL}1`;
    expect(now(app).matching()).toBeDefined();
  });

  it('forgets on request', () => {
    const { app } = synthesized();
    now(app).clear();
    expect(existsSync(join(app, 'cdk.out/fingerprint.json'))).toBe(false);
    expect(now(app).matching()).toBeUndefined();
  });
});
