import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

  it('run what is run on every machine', () => {
    expect(textOf('ci.yml')).toMatch(/^ +- run: \.ci\/run$/m);
    expect(existsSync(join(ROOT, '.ci/run'))).toBe(true);
  });

  it('publish without a token of npm, under the repository of the run', () => {
    const release = textOf('release.yml');
    expect(release).toContain('id-token: write');
    expect(release).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/);
    const set = release.indexOf('"repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"');
    expect(set).toBeGreaterThan(0);
    expect(release.indexOf('npm publish')).toBeGreaterThan(set);
  });

  it.each(['package.json', 'local/package.json'])('find no other repository in %s', (path) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
    expect(manifest).toMatchObject({ publishConfig: { access: 'public', provenance: true } });
    expect(manifest).not.toHaveProperty('repository');
  });
});
