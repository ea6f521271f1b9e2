import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROJECT = join(__dirname, '../..');
/** Includes npm's two lines, and the lines to export, which wrap. */
const SCREEN_LINES = 20;

describe('npm start', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** The output up to `Ready`, without the port and the time. */
  async function start(...options: string[]): Promise<string[]> {
    const args = ['--require', 'tsx/cjs', 'local/cli.ts', 'start', '--port', '0', ...options];
    const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line.replace(/localhost:\d+/g, 'localhost').replace(/^(Ready) in .*/, '$1'));
      if (line.startsWith('Ready')) break;
    }
    return lines;
  }

  it('prints one screen, addresses first, and the same at the second start', async () => {
    const first = await start('--fresh');
    expect(first.length).toBeLessThanOrEqual(SCREEN_LINES);
    expect(first[0]).toMatch(/^SharedConnection\/Chat +ws:\/\/localhost\/chat$/);
    expect(first.at(-1)).toBe('Ready');
    expect(await start()).toEqual(first);
  });
});
