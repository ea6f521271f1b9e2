import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { chatTemplateWith, writeAssembly } from '../assembly/written-assembly';

const CLI = join(__dirname, '../../../local/cli.ts');

function run(
  args: string[],
  cwd = tmpdir(),
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const tsx = require.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, CLI, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return child as ReturnType<typeof run>;
}

async function finish(child: ReturnType<typeof run>) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, code };
}

describe('shared-connection', () => {
  it('runs until SIGTERM: closes sockets with 1001 and exits with 0', async () => {
    const child = run(['start', '--app', writeAssembly({ Main: chatTemplateWith({}) }), '--port', '0']);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Ready')) break;
    }
    expect(lines.at(-1)).toMatch(/^Ready in \d+\.\d s$/);
    const [url = ''] = /ws:\/\/localhost:\d+\/chat/.exec(lines.join('\n')) ?? [];
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
  });

  it("tells a mistake in the app's code in one paragraph, with file and line", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'app-'));
    writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ app: 'node app.js' }));
    writeFileSync(join(folder, 'app.js'), "const name = 'chat';\nname.missing.more();\n");
    const { stdout, stderr, code } = await finish(run(['start'], folder));
    expect(code).toBe(1);
    expect(stdout).toBe('Synthesizing: node app.js\n');
    expect(stderr).toBe(
      "The app's command `node app.js` failed (exit code 1): TypeError: Cannot read properties of undefined (reading 'more') (app.js:2:14)\n",
    );
  });

  it('refuses an option that it does not understand', async () => {
    const { stderr, code } = await finish(run(['start', '--port', 'many']));
    expect(code).toBe(1);
    expect(stderr).toContain('A port is a number from 0 to 65535.');
  });
});
