import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

jest.setTimeout(120_000);

const STARTERS = 6;
/** Long enough for all processes to have started. */
const START_MILLIS = 4_000;
/** No process has this id. */
const GONE = 2 ** 22 + 1;

describe('a data folder that several processes start with at the same moment', () => {
  async function answers(directory: string): Promise<string[]> {
    const moment = String(Date.now() + START_MILLIS);
    const script = join(__dirname, 'folder-lock-process.ts');
    const children = Array.from({ length: STARTERS }, () =>
      spawn(process.execPath, ['--import', 'tsx', script, directory, moment], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const said = await Promise.all(
      children.map(async (child) => {
        for await (const line of createInterface(child.stdout)) if (line !== 'ready') return line;
        return 'nothing';
      }),
    );
    for (const child of children) child.stdin.end();
    return said.sort();
  }

  it.each([
    ['is new', []],
    ['was left by a process that was killed', ['lock.7']],
    ['was left by several', ['lock.6', 'lock.7']],
  ])('is locked by one of them if it %s', async (_, left) => {
    const directory = mkdtempSync(join(tmpdir(), 'data-'));
    for (const name of left)
      writeFileSync(join(directory, name), JSON.stringify({ pid: GONE, token: 'gone' }));
    expect(await answers(directory)).toEqual([...Array(STARTERS - 1).fill('refused'), 'taken']);
    expect(readdirSync(directory)).toEqual([`lock.${left.length === 0 ? 1 : 8}`]);
    rmSync(directory, { recursive: true });
  });
});
