import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { WebSocket } from 'ws';

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../..');
const TOOLS = join(ROOT, '.cache/package-tools/node_modules/.bin');
/** TypeScript as this repository has it; the project has version 5. */
const TYPESCRIPT_7 = join(ROOT, 'node_modules/typescript/bin/tsc');

/** What tests set for themselves is no part of a stranger's environment. */
const environment: NodeJS.ProcessEnv = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' };
for (const name of ['CDK_VALIDATION', 'NODE_ENV', 'JEST_WORKER_ID']) delete environment[name];

/** Resolves with what the command printed. @throws with all of it, if the command fails. */
async function run(directory: string, command: string, ...commandArguments: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, commandArguments, {
      ...{ cwd: directory, env: environment },
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${commandArguments.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Everybody's project: the example in an empty folder, with the package as it would be published. */
describe('the package in a stranger’s project', () => {
  let folder: string;
  let project: string;
  let tarball: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'package-'));
    await run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', folder);
    tarball = join(folder, readdirSync(folder)[0] ?? '');
    project = join(folder, 'minimal');
    const isSource = (path: string) => !/\/(node_modules|build|cdk\.out|package-lock\.json)$/.test(path);
    cpSync(join(ROOT, 'examples/minimal'), project, { recursive: true, filter: isSource });
    await run(project, 'npm', 'install', '--no-audit', '--no-fund', tarball);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('has nothing in it but what is run, its types and source maps, and what it says of itself', async () => {
    const files = (await run(folder, 'tar', '-tzf', tarball)).trim().split('\n');
    const others = files.filter(
      (file) =>
        !/^package\/dist\/(lib|infra|local|cli)\/.+\.(js|mjs|cjs|js\.map|mjs\.map|d\.ts|d\.mts)$/.test(file),
    );
    expect(others.sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'cli/shared-connection.js', 'package.json'].map(
        (file) => `package/${file}`,
      ),
    );
    for (const file of ['lib/index.mjs.map', 'local/lambda/worker/bootstrap.cjs', 'infra/index.d.ts']) {
      expect(files).toContain(`package/dist/${file}`);
    }
    expect(files.filter((file) => /infra\/app|\.test\./.test(file))).toEqual([]);
  });

  it('pleases those who look at packages', async () => {
    expect(await run(ROOT, join(TOOLS, 'publint'), 'run', tarball, '--strict')).toContain('All good!');
    expect(await run(ROOT, join(TOOLS, 'attw'), tarball, '--no-emoji')).toContain('No problems found');
  });

  it('passes the project’s own test', async () => {
    await run(project, 'npm', 'test');
  });

  it('lets the ported chat of the tutorial pass its tests', async () => {
    cpSync(join(ROOT, 'examples/tutorial-chat/chat'), join(project, 'chat'), { recursive: true });
    try {
      await run(project, 'npx', 'tsc', '--noEmit');
      await run(project, 'npm', 'test', '--', 'chat');
    } finally {
      rmSync(join(project, 'chat'), { recursive: true });
    }
  });

  it('has types for TypeScript 5 and 7, of either module system', async () => {
    const imports = `
      import { type DeliveryReport, SharedConnection, WebSocketServer } from 'shared-connection';
      import { bundleFunctions, ConnectionTable, type WebSocketServiceProps } from 'shared-connection/infra';
      import { TestService } from 'shared-connection/testing';
      class Mine extends WebSocketServer {
        override async onClientMessage(data: string): Promise<void> {
          await this.write(data);
        }
      }
      export const service: TestService = new TestService(Mine);
      export const open = (id: string): Promise<SharedConnection> => SharedConnection.open(id);
      export type Known = [DeliveryReport, ConnectionTable, WebSocketServiceProps, typeof bundleFunctions];`;
    const wrong = `
      import { SharedConnection } from 'shared-connection';
      export const open = SharedConnection.open(1);`;
    for (const extension of ['mts', 'cts']) {
      writeFileSync(join(project, `types.${extension}`), imports);
      writeFileSync(join(project, `wrong.${extension}`), wrong);
    }
    const compilers = [join(project, 'node_modules/typescript/bin/tsc'), TYPESCRIPT_7];
    const versions: string[] = [];
    for (const compiler of compilers) {
      versions.push((await run(project, process.execPath, compiler, '--version')).trim());
      const check = run(project, process.execPath, compiler, '--skipLibCheck', 'false');
      const complaints = await check.then(String, (error: Error) => error.message);
      const places = complaints.match(/^\S+?(?=\(\d+,\d+\): error)/gm);
      expect({ compiler, places, complaints }).toMatchObject({ places: ['wrong.cts', 'wrong.mts'] });
    }
    expect(versions).toEqual(['Version 5.9.3', 'Version 7.0.2']);
    for (const extension of ['mts', 'cts']) {
      rmSync(join(project, `types.${extension}`));
      rmSync(join(project, `wrong.${extension}`));
    }
    for (const compiler of compilers) await run(project, process.execPath, compiler);
  });

  it('is imported and required by Node.js itself', async () => {
    const names = (entry: string) => `console.log(Object.keys(${entry}).join())`;
    for (const entry of ['shared-connection', 'shared-connection/infra', 'shared-connection/testing']) {
      const required = await run(project, process.execPath, '-e', names(`require('${entry}')`));
      const imported = await run(
        project,
        ...([process.execPath, '--input-type=module', '-e', names(`await import('${entry}')`)] as const),
      );
      const sorted = (text: string) => text.trim().split(',').sort();
      expect(sorted(required).length).toBeGreaterThan(3);
      // Node.js gives CommonJS modules these names as well.
      const isOwn = (name: string) => name !== 'default' && name !== 'module.exports';
      expect(sorted(imported).filter(isOwn)).toEqual(sorted(required));
    }
  });

  describe('bundled into a function', () => {
    const build = () => join(project, 'build/echo');
    beforeAll(async () => {
      await run(project, 'npx', 'cdk', 'synth', '--quiet', '--no-notices');
    });

    it('synthesizes with the CDK’s own command', () => {
      const template = readFileSync(join(project, 'cdk.out/Echo.template.json'), 'utf8');
      expect(template).toContain('"AWS::ApiGatewayV2::Stage"');
    });

    it('holds no more than the service uses', () => {
      // Most of it is the SDK's; the library's own share is what every service has: hooks, inbox, dedicated sockets, channels, sessions, limits, attributes.
      expect(statSync(join(build(), 'index.mjs')).size).toBeLessThan(315_000);
      const files = readdirSync(build()).filter((file) => file.endsWith('.mjs'));
      const bundle = files.map((file) => readFileSync(join(build(), file), 'utf8')).join('\n');
      expect(bundle).toContain('EchoServer');
      expect(bundle).toContain('WebSocketClosedError');
      expect(bundle).not.toMatch(/TestService|MemoryTable|FakeGateway|ManualClock/);
      expect(bundle).not.toMatch(/tables\.log|WebSocketReceiver|permessage-deflate|aws-cdk-lib|commander/);
    });

    it('leaves out the whole library where one constant is used', () => {
      const contents =
        "import { MAX_MESSAGE_BYTES } from 'shared-connection'; console.log(MAX_MESSAGE_BYTES);";
      const { outputFiles } = buildSync({
        stdin: { contents, resolveDir: project },
        ...{ bundle: true, platform: 'node', format: 'esm', write: false, minifySyntax: true },
        treeShaking: true,
      });
      expect(outputFiles[0]?.text).not.toContain('client-dynamodb');
      expect(outputFiles[0]?.contents.length).toBeLessThan(10_000);
    });
  });

  describe('npm start', () => {
    let app: ChildProcess;
    let output = '';
    beforeAll(async () => {
      app = spawn('npm', ['start', '--', '--port', '0'], {
        ...{ cwd: project, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
      });
      app.stderr?.on('data', (chunk) => {
        output += chunk;
      });
      await new Promise<void>((resolve, reject) => {
        app.stdout?.on('data', (chunk) => {
          output += chunk;
          if (/^Ready/m.test(output)) resolve();
        });
        app.on('exit', () => reject(new Error(`It ended before it was ready:\n${output}`)));
      });
    });
    afterAll(async () => {
      if (!app.pid || app.exitCode !== null) return;
      const ended = once(app, 'close');
      process.kill(-app.pid, 'SIGTERM');
      await ended;
    });

    it('echoes', async () => {
      const socket = new WebSocket(/ws:\/\/localhost:\d+\/echo/.exec(output)?.[0] ?? 'no URL printed');
      const received: string[] = [];
      const twoFrames = new Promise<void>((resolve) => {
        socket.on('message', (data) => {
          if (received.push(String(data)) === 2) resolve();
        });
      });
      await once(socket, 'open');
      socket.send('Hello!');
      await twoFrames;
      expect(received.sort()).toEqual(['Hello!', expect.stringMatching(/^You are \S+=$/)]);
      socket.terminate();
    });
  });
});
