import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { WebSocket } from 'ws';

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../..');
const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const TOOLS = join(ROOT, '.cache/package-tools/node_modules/.bin');
/** The TypeScript version of this repository. The project has version 5. */
const TYPESCRIPT_7 = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Variables that tests set for themselves are not part of a user's environment. */
const environment: NodeJS.ProcessEnv = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' };
for (const name of ['CDK_VALIDATION', 'NODE_ENV', 'JEST_WORKER_ID']) delete environment[name];

/** Resolves to the command's output. @throws with all of it, if the command fails */
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

/** A new user's project: what `init` writes into an empty folder, with the packages as they would be published. */
describe('the package in a new project', () => {
  let folder: string;
  let project: string;
  let tarball: string;
  let localTarball: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'package-'));
    const both = ['--workspaces', '--include-workspace-root'];
    await run(ROOT, 'npm', 'pack', '--silent', ...both, '--pack-destination', folder);
    tarball = join(folder, `shared-connection-${VERSION}.tgz`);
    localTarball = join(folder, `shared-connection-local-${VERSION}.tgz`);
    project = join(folder, 'minimal');
    mkdirSync(project);
    const next = await run(project, 'npx', '--yes', '--package', tarball, 'shared-connection', 'init');
    expect(next).toMatch(/npm install\n +npm test .*\n +npm start /);
    await run(project, 'npm', 'install', '--no-audit', '--no-fund', tarball, localTarball);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Without the folder `package`, and without what `init` writes. */
  async function filesIn(archive: string): Promise<string[]> {
    const files = (await run(folder, 'tar', '-tzf', archive)).trim().split('\n');
    return files
      .map((file) => file.replace(/^package\//, ''))
      .filter((file) => !/^dist\/template\//.test(file));
  }

  const BUILT = /\.(js|mjs|cjs|py|js\.map|mjs\.map|d\.ts|d\.mts)$/;

  it('contains only code, types, source maps and documentation', async () => {
    const files = await filesIn(tarball);
    const others = files.filter(
      (file) => !(BUILT.test(file) && /^dist\/(lib|infra|functions\/ingest)\//.test(file)),
    );
    expect(others.filter((file) => !/^docs\/[\w-]+\.(md|png)$/.test(file)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'cli/shared-connection.js',
      'dist/cli/library-command.js',
      'package.json',
    ]);
    const some = ['dist/lib/index.mjs.map', 'dist/infra/index.d.ts', 'dist/functions/ingest/index.mjs'];
    expect(files).toEqual(expect.arrayContaining([...some, 'docs/getting-started.md']));
    expect(files.filter((file) => /infra\/app|\.test\./.test(file))).toEqual([]);
  });

  it('has the local runtime in a separate package', async () => {
    const files = await filesIn(localTarball);
    const others = files.filter(
      (file) =>
        !/^dist\/web\/(console|styles\/base\.css$)/.test(file) &&
        !(BUILT.test(file) && /^dist\/(lib|local|cli)\//.test(file)),
    );
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json', 'shared-connection-local.js']);
    // Files that are not compiled are copied: programs of Lambda environments, in any language.
    const workers = readdirSync(join(ROOT, 'local/lambda/environments/worker')).filter(
      (name) => !name.endsWith('.ts'),
    );
    expect(files).toEqual(
      expect.arrayContaining(workers.map((name) => `dist/local/lambda/environments/worker/${name}`)),
    );
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/web/console.html',
        'dist/web/console/main.mjs',
        'dist/web/styles/base.css',
      ]),
    );
  });

  it('writes the same project as the example in the repository', async () => {
    const isSource = (path: string) =>
      !/(^|\/)(node_modules|build|cdk\.out|package-lock\.json)(\/|$)/.test(path);
    const filesOf = (root: string) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
        (path) => isSource(path) && statSync(join(root, path)).isFile(),
      );
    const written = filesOf(project).filter((path) => path !== 'package.json');
    expect(['package.json', ...written].sort()).toEqual(filesOf(join(ROOT, 'examples/minimal')).sort());
    for (const path of written) {
      expect(readFileSync(join(project, path), 'utf8')).toBe(
        readFileSync(join(ROOT, 'examples/minimal', path), 'utf8'),
      );
    }
  });

  describe('alone', () => {
    let alone: string;
    beforeAll(async () => {
      alone = join(folder, 'alone');
      mkdirSync(alone);
      await run(alone, 'npm', 'init', '--yes');
      await run(alone, 'npm', 'install', '--no-audit', '--no-fund', tarball);
    });

    it('includes nothing of the local runtime', () => {
      const brought = Object.keys(
        JSON.parse(readFileSync(join(alone, 'package-lock.json'), 'utf8')).packages,
      ).map((path) => path.replace(/^.*node_modules\//, ''));
      const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'local/package.json'), 'utf8'));
      const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies;
      expect(brought.filter((name) => name in dependencies && !(name in own))).toEqual([]);
    });

    it('explains how to install the local runtime', async () => {
      await expect(run(alone, 'npx', 'shared-connection', 'start')).rejects.toThrow(
        `npm install -D shared-connection-local@${VERSION}`,
      );
    });

    it('reports that bundleFunctions needs esbuild', async () => {
      await run(
        alone,
        'npm',
        'install',
        '--no-audit',
        '--no-fund',
        'aws-cdk-lib@2.276.0',
        'constructs@10.8.1',
      );
      const program = `
        require('node:fs').mkdirSync('echo');
        require('node:fs').writeFileSync('echo/handlers.js', '');
        require('shared-connection/infra').bundleFunctions(process.cwd(), ['echo']);`;
      await expect(run(alone, process.execPath, '-e', program)).rejects.toThrow('npm install -D esbuild');
    });

    it('deploys IncomingFiles with its handler', async () => {
      const program = `
        const { App, Stack } = require('aws-cdk-lib');
        const { IncomingFiles, WebSocketService } = require('shared-connection/infra');
        require('node:fs').mkdirSync('build/hears', { recursive: true });
        require('node:fs').writeFileSync('build/hears/index.mjs', '');
        const stack = new Stack(new App({ outdir: 'out' }), 'Files');
        const service = new WebSocketService(stack, 'Hears', { entry: 'hears' });
        new IncomingFiles(stack, 'Incoming', { service });
        stack.node.root.synth();`;
      await run(alone, process.execPath, '-e', program);
      const { files } = JSON.parse(readFileSync(join(alone, 'out/Files.assets.json'), 'utf8'));
      const handlers = Object.values(files as Record<string, { source: { path: string } }>)
        .map(({ source }) => join(alone, 'out', source.path, 'index.mjs'))
        .filter((path) => existsSync(path) && statSync(path).size > 0);
      expect(handlers.length).toBe(1);
      const names = `import('${handlers[0]}').then((handlers) => console.log(Object.keys(handlers).join()))`;
      expect(await run(alone, process.execPath, '-e', names)).toBe('handler\n');
    });
  });

  it('passes publint and Are The Types Wrong', async () => {
    expect(await run(ROOT, join(TOOLS, 'publint'), 'run', tarball, '--strict')).toContain('All good!');
    expect(await run(ROOT, join(TOOLS, 'publint'), 'run', localTarball, '--strict')).toContain('All good!');
    expect(await run(ROOT, join(TOOLS, 'attw'), tarball, '--no-emoji')).toContain('No problems found');
  });

  it('passes the project’s own test', async () => {
    await run(project, 'npm', 'test');
  });

  it('passes the tests of the ported tutorial chat', async () => {
    cpSync(join(ROOT, 'examples/tutorial-chat/chat'), join(project, 'chat'), { recursive: true });
    try {
      await run(project, 'npx', 'tsc', '--noEmit');
      await run(project, 'npm', 'test', '--', 'chat');
    } finally {
      rmSync(join(project, 'chat'), { recursive: true });
    }
  });

  it('passes the tests of the quiz with rooms', async () => {
    for (const part of ['quiz', 'host']) {
      cpSync(join(ROOT, 'examples/rooms', part), join(project, part), { recursive: true });
    }
    try {
      const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'examples/rooms/package.json'), 'utf8'));
      await run(project, 'npm', 'install', '--no-save', '--no-audit', '--no-fund', `zod@${dependencies.zod}`);
      await run(project, 'npx', 'tsc', '--noEmit');
      await run(project, 'npm', 'test', '--', 'quiz');
    } finally {
      for (const part of ['quiz', 'host']) rmSync(join(project, part), { recursive: true });
    }
  });

  it('has types for TypeScript 5 and 7, with either module system', async () => {
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

  it('can be imported and required by Node.js itself', async () => {
    const names = (entry: string) => `console.log(Object.keys(${entry}).join())`;
    for (const entry of ['shared-connection', 'shared-connection/infra', 'shared-connection/testing']) {
      const required = await run(project, process.execPath, '-e', names(`require('${entry}')`));
      const imported = await run(
        project,
        ...([process.execPath, '--input-type=module', '-e', names(`await import('${entry}')`)] as const),
      );
      const sorted = (text: string) => text.trim().split(',').sort();
      expect(sorted(required).length).toBeGreaterThan(3);
      // Node.js also gives these names to CommonJS modules.
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

    it('contains only what the service uses', () => {
      // Most of it is the SDK. The library's share is what every service has: hooks, inbox, dedicated sockets,
      // channels, sessions, limits, attributes.
      expect(statSync(join(build(), 'index.mjs')).size).toBeLessThan(390_000);
      const files = readdirSync(build()).filter((file) => file.endsWith('.mjs'));
      const bundle = files.map((file) => readFileSync(join(build(), file), 'utf8')).join('\n');
      expect(bundle).toContain('EchoServer');
      expect(bundle).toContain('WebSocketClosedError');
      expect(bundle).not.toMatch(/TestService|MemoryTable|FakeGateway|ManualClock/);
      expect(bundle).not.toMatch(/tables\.log|WebSocketReceiver|permessage-deflate|aws-cdk-lib|commander/);
    });

    it('omits the whole library if only one constant is used', () => {
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
