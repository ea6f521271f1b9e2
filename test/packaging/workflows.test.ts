import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const WORKFLOWS = join(ROOT, '.github/workflows');

const textOf = (name: string) => readFileSync(join(WORKFLOWS, name), 'utf8');

describe('the workflows', () => {
  it.each(readdirSync(WORKFLOWS))(
    '%s pins each action by its commit, and says which version that is',
    (name) => {
      const uses = [...textOf(name).matchAll(/^\s+- uses: (.*)$/gm)].map(([, action]) => action);
      expect(uses.length).toBeGreaterThan(0);
      for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    },
  );

  it('run the same commands as on any machine', () => {
    expect(textOf('ci.yml')).toMatch(/^ +- run: \.ci\/run$/m);
    expect(existsSync(join(ROOT, '.ci/run'))).toBe(true);
  });

  it('publish without an npm token, under the repository of the run', () => {
    const release = textOf('release.yml');
    expect(release).toContain('id-token: write');
    expect(release).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/);
    const set = release.indexOf('"repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"');
    expect(set).toBeGreaterThan(0);
    expect(release.indexOf('npm pack')).toBeGreaterThan(set);
  });

  describe('publish the packages', () => {
    const [, pack = '', publish = ''] = textOf('release.yml').split(/^ {2}(?=(?:pack|publish):$)/m);

    it('in a job that runs no code of the dependencies, because it may get a token', () => {
      expect(publish).toMatch(/^publish:\n {4}needs: pack$/m);
      expect(publish).toContain('id-token: write');
      expect(publish).not.toMatch(/checkout|npm (ci|install|run|test|exec|pack)|npx/);
      expect(pack).toContain('npm ci');
      expect(pack).not.toContain('id-token');
    });

    describe('with a script', () => {
      const [, script = ''] = publish.split('run: |\n');
      const folder = mkdtempSync(join(tmpdir(), 'release-'));
      const calls = join(folder, 'calls');
      afterAll(() => rmSync(folder, { recursive: true }));

      /** What the script publishes. npm is a stub with the given versions. */
      const publishedBeside = (...published: string[]) => {
        const npm = `#!/bin/sh
          case "$1 $2" in ${published.map((version) => `"view ${version}") echo "1.0.0";;`).join('\n')}
            view*) echo 'npm error code E404' >&2; exit 1;;
            *) echo "$*" >>${calls};;
          esac`;
        mkdirSync(join(folder, 'bin'), { recursive: true });
        writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
        writeFileSync(calls, '');
        execFileSync('bash', ['-e', '-c', script], {
          cwd: folder,
          env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
        });
        return readFileSync(calls, 'utf8').trimEnd().split('\n');
      };

      beforeAll(() => {
        mkdirSync(join(folder, 'packages'));
        mkdirSync(join(folder, 'package'));
        for (const name of ['one', 'two']) {
          writeFileSync(join(folder, 'package/package.json'), JSON.stringify({ name, version: '1.0.0' }));
          execFileSync('tar', ['-czf', `packages/${name}-1.0.0.tgz`, 'package'], { cwd: folder });
        }
      });

      it('each with its provenance', () => {
        expect(publishedBeside()).toEqual([
          'publish ./packages/one-1.0.0.tgz --provenance --ignore-scripts',
          'publish ./packages/two-1.0.0.tgz --provenance --ignore-scripts',
        ]);
      });

      it('except one that an earlier run has published', () => {
        expect(publishedBeside('one@1.0.0')).toEqual([
          'publish ./packages/two-1.0.0.tgz --provenance --ignore-scripts',
        ]);
      });
    });
  });

  it.each(['package.json', 'local/package.json'])('find no other repository in %s', (path) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
    expect(manifest).toMatchObject({ publishConfig: { access: 'public', provenance: true } });
    expect(manifest).not.toHaveProperty('repository');
  });
});
