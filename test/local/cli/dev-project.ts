/** A small app in its own folder, watched by the command `dev`. Tests save files and check the output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { chatTemplateWith, writeAssembly } from '../assembly/written-assembly';

const CLI = join(__dirname, '../../../local/cli.ts');

/** Writes the assembly, with the code of `answer.js` in an asset named by its content, as the CDK does. */
export const APP = `
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

/** The same with a recorded bundle. After the first time, bundling waits for the file \`build/go\`. */
export const BUNDLED_APP = `
  const { cpSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
  const { buildSync } = require(${JSON.stringify(require.resolve('esbuild'))});
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const out = process.env.CDK_OUTDIR;
  while (existsSync(out + '/manifest.json') && !existsSync('build/go')) Atomics.wait(pause, 0, 0, 20);
  const options = {
    entryPoints: [{ in: 'answer.js', out: 'index' }], outdir: 'build/answer', bundle: true, platform: 'node', format: 'cjs',
  };
  buildSync({ ...options, logLevel: 'warning' });
  writeFileSync('build/answer.esbuild.json', JSON.stringify(options));
  const code = 'asset.' + Buffer.from(readFileSync('build/answer/index.js')).toString('base64url').slice(-60);
  cpSync('assembly', out, { recursive: true });
  cpSync('build/answer', out + '/' + code, { recursive: true });
  const assets = readFileSync('assembly/Assets.assets.json', 'utf8').replace('asset.code', code);
  writeFileSync(out + '/Assets.assets.json', assets);
`;

export class DevProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'dev-'));
  #child: ChildProcess | undefined;
  #said: AsyncIterator<string> | undefined;
  #warned: AsyncIterator<string> | undefined;

  /** @param files files in addition to `cdk.json` and the assembly that `app` completes */
  constructor(app: string, files: Record<string, string>) {
    this.save('cdk.json', JSON.stringify({ app: 'node app.js' }));
    this.save('app.js', app);
    for (const [path, content] of Object.entries(files)) this.save(path, content);
    cpSync(writeAssembly({ Main: chatTemplateWith({}) }), join(this.folder, 'assembly'), { recursive: true });
  }

  save(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Resolves to the output before it watches. */
  async start(command: 'dev' | 'start' = 'dev'): Promise<string> {
    const args = ['--require', require.resolve('tsx/cjs'), CLI, command, '--port', '0'];
    const child = spawn(process.execPath, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#said = createInterface(child.stdout)[Symbol.asyncIterator]();
    this.#warned = createInterface(child.stderr)[Symbol.asyncIterator]();
    const lines: string[] = [];
    for (;;) {
      const line = await this.says(/./);
      lines.push(line);
      if ((command === 'dev' ? /^Watching / : /^Ready /).test(line)) return lines.join('\n');
    }
  }

  /** Returns the next line that matches, and skips the lines before it. */
  says(pattern: RegExp): Promise<string> {
    return next(this.#said, pattern);
  }

  complains(pattern: RegExp): Promise<string> {
    return next(this.#warned, pattern);
  }

  /** Stops the command as Ctrl-C does, and returns how it ended. */
  async stop(): Promise<unknown> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGTERM');
    const [exit] = child ? [await once(child, 'exit')] : [];
    return exit;
  }

  remove(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function next(lines: AsyncIterator<string> | undefined, pattern: RegExp): Promise<string> {
  for (;;) {
    const { value, done } = (await lines?.next()) ?? { value: undefined, done: true };
    if (done) throw new Error(`The output ended without ${pattern}.`);
    if (pattern.test(value)) return value;
  }
}
