import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: boolean;
  /** The paths of the workspaces. */
  resolved?: string;
  link?: boolean;
}
const locked: Record<string, LockedPackage> = read('package-lock.json').packages;

/** Where Node.js finds a package, starting in the folder of another one. */
function placeOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (place in locked) return place;
    if (!at.includes('node_modules')) return undefined;
  }
}

/** The dependencies of these packages that run a script when they are installed. */
function withInstallScripts(names: string[]): string[] {
  const seen = new Set<string>();
  const found = new Set<string>();
  const visit = (name: string, from: string) => {
    const place = placeOf(name, from);
    if (place === undefined || seen.has(place)) return;
    seen.add(place);
    const entry = locked[place] as LockedPackage;
    if (entry.hasInstallScript) found.add(name);
    const { dependencies, optionalDependencies } = entry.link ? (locked[entry.resolved ?? ''] ?? {}) : entry;
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) visit(next, place);
  };
  for (const name of names) visit(name, '');
  return [...found].sort();
}

describe('npm’s question about install scripts', () => {
  it('is answered for every package of this repository', () => {
    const asking = Object.entries(locked).flatMap(([place, { hasInstallScript }]) =>
      hasInstallScript ? [place.replace(/^.*node_modules\//, '')] : [],
    );
    expect(Object.keys(read('package.json').allowScripts).sort()).toEqual([...new Set(asking)].sort());
  });

  it.each(['minimal', 'rooms', 'tutorial-chat'])('is answered in the example %s', (example) => {
    const manifest = read(`examples/${example}/package.json`);
    const asking = withInstallScripts([
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.devDependencies),
    ]);
    expect(asking).toContain('esbuild');
    expect(Object.keys(manifest.allowScripts ?? {})).toEqual(expect.arrayContaining(asking));
  });
});
