import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { chatTemplateWith, writeAssembly } from '../assembly/written-assembly';

const CLI = join(__dirname, '../../../local/cli.ts');

/** Writes the assembly, with the code of `answer.js` under the name of its content, as the CDK does. */
const APP = `
  const { cpSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
  const answer = readFileSync('answer.js', 'utf8').trim();
  if (answer === 'broken') throw new Error('The answer is broken.');
  const code = 'asset.' + Buffer.from(answer).toString('hex');
  cpSync('assembly', process.env.CDK_OUTDIR, { recursive: true });
  mkdirSync(process.env.CDK_OUTDIR + '/' + code, { recursive: true });
  const body = "exports.handler = async () => { console.log('" + answer + "'); return { statusCode: 200 }; };";
  writeFileSync(process.env.CDK_OUTDIR + '/' + code + '/index.js', body);
  const assets = readFileSync('assembly/Assets.assets.json', 'utf8').replace('asset.code', code);
  writeFileSync(process.env.CDK_OUTDIR + '/Assets.assets.json', assets);
`;

describe('shared-connection dev', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dev-'));
  let child: ChildProcess | undefined;
  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('follows the sources with the sockets open, keeps what runs where they are broken, and says what waits', async () => {
    const files = { 'cdk.json': JSON.stringify({ app: 'node app.js' }), 'app.js': APP, 'answer.js': 'first' };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    cpSync(writeAssembly({ Main: chatTemplateWith({}) }), join(folder, 'assembly'), { recursive: true });
    child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), CLI, 'dev', '--port', '0'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = child as ChildProcess & {
      stdout: NodeJS.ReadableStream;
      stderr: NodeJS.ReadableStream;
    };
    const said = createInterface(stdout)[Symbol.asyncIterator]();
    const warned = createInterface(stderr)[Symbol.asyncIterator]();
    const next = async (lines: AsyncIterator<string>, pattern: RegExp): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`The output ended without ${pattern}.`);
        if (pattern.test(value)) return value;
      }
    };
    const [url = ''] = /ws:\/\/localhost:\d+\/chat/.exec(await next(said, /ws:/)) ?? [];
    await next(said, /^Watching /);
    const socket = new WebSocket(url);
    await once(socket, 'open');

    writeFileSync(join(folder, 'answer.js'), 'second');
    expect(await next(said, /replaced/)).toMatch(
      /^Functions replaced, sockets kept: ready after \d+\.\d\d s$/,
    );
    socket.send('{}');
    await next(said, / Function \| second$/);

    writeFileSync(join(folder, 'answer.js'), 'broken');
    expect(await next(warned, /failed/)).toContain('Error: The answer is broken. (app.js:4:');
    socket.send('{}');
    await next(said, / Function \| second$/);

    writeFileSync(join(folder, 'answer.js'), 'third');
    const template = join(folder, 'assembly', 'Main.template.json');
    writeFileSync(template, readFileSync(template, 'utf8').replace('"chat"', '"talk"'));
    await next(said, /wait for a restart/);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
