import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { anchorsOf, PAGES, prose, ROOT, textOf } from './pages';

/** Links to other places of the project, as `[page, target, anchor]`. */
function linksOf(page: string): { target: string; anchor: string | undefined }[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      return { target: path === '' ? page : normalize(join(dirname(page), path)), anchor };
    });
}

describe.each(PAGES)('%s', (page) => {
  it('links to files that exist', () => {
    expect(linksOf(page).filter(({ target }) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('links to headings that exist', () => {
    const broken = linksOf(page).filter(
      ({ target, anchor }) =>
        anchor !== undefined &&
        target.endsWith('.md') &&
        existsSync(join(ROOT, target)) &&
        !anchorsOf(target).has(anchor),
    );
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const named = [
      ...prose(page).matchAll(/`((?:bench|cli|functions|infra|lib|local|test|web)\/[\w./-]+)`/g),
    ].map(([, path = '']) => path);
    // Build products do not exist in a fresh clone.
    const isMade = (path: string) => /(^|\/)(dist|build)(\/|$)/.test(path);
    expect(named.filter((path) => !isMade(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('README.md', () => {
  it('has at most 150 lines', () => {
    expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});

describe('docs/README.md', () => {
  it('links to every page', () => {
    const linked = new Set(linksOf('docs/README.md').map(({ target }) => target));
    expect(PAGES.filter((page) => /^docs\/(?!README)/.test(page) && !linked.has(page))).toEqual([]);
  });
});
