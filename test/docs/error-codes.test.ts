import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorsOf, ROOT, textOf } from './pages';

const PAGE = 'docs/troubleshooting.md';

/** All matches of a pattern in the library's sources, without duplicates. */
function inLibrary(pattern: RegExp): string[] {
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'lib', file), 'utf8'));
  return [...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, code = '']) => code)))];
}

const LIBRARY_CODES = inLibrary(/^ {2}readonly code = '(\w+)'/gm);
const FRAME_CODES = inLibrary(/(?:new ClientError|extends ClientError[\s\S]{0,300}?super)\(\s*'(\w+)'/g);
const REALTIME_CODES = inLibrary(/new (?:RealtimeError|Disconnection)\((\d+)/g);

describe('docs/troubleshooting.md', () => {
  it.each(LIBRARY_CODES)('has a paragraph on %s, which the table of errors links to', (code) => {
    expect(anchorsOf(PAGE)).toContain(code.toLowerCase());
    expect(textOf('docs/server-classes.md')).toContain(
      `[\`${code}\`](troubleshooting.md#${code.toLowerCase()})`,
    );
  });

  it.each(FRAME_CODES)('says why a client gets a frame with %s', (code) => {
    expect(textOf(PAGE)).toContain(`| \`${code}\` |`);
  });

  it.each(REALTIME_CODES)('says why a realtime client gets %s', (code) => {
    expect(textOf(PAGE)).toMatch(new RegExp(`^\\| ${code} \``, 'm'));
  });

  it('covers all existing codes', () => {
    const counts = [LIBRARY_CODES, FRAME_CODES, REALTIME_CODES].map(({ length }) => length);
    expect(Math.min(...counts)).toBeGreaterThan(4);
    expect(LIBRARY_CODES).toEqual(expect.arrayContaining(['CSPWebSocketClosed', 'InvalidUse']));
  });
});
