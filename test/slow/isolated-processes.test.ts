import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as oneTurn } from 'node:timers/promises';
import { Fixture } from '../local/lambda/function-fixture';

const HOST_PROCESS = join(__dirname, 'isolated-function.ts');

jest.setTimeout(30_000);

const MEMORY = { memoryMegabytes: 256 };
const PROCESS = { isolation: 'process' } as const;
/** A test that has timed out stops checking. */
let isOver = false;
beforeEach(() => {
  isOver = false;
});
afterEach(() => {
  isOver = true;
});

/** Resolves when the system reports that the process is stopped (`T` on Linux and macOS). Fails if it has ended. */
async function untilStopped(pid: number): Promise<void> {
  const state = () =>
    spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  for (let now = state(); !now.startsWith('T'); now = state()) {
    if (now === '' || now.startsWith('Z') || isOver)
      throw new Error(`Process ${pid} does not stand still: ${now}`);
    await oneTurn();
  }
}

describe('The processes of an environment', () => {
  describe('whose runtime is killed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'isolated-'));
    const pids: number[] = [];
    let runtime: ChildProcess | undefined;
    let server: Server;
    let port: number;

    beforeAll(async () => {
      server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
      // The function and its child each hold a connection while they are alive.
      const hold = `require('node:net').connect(${port}, '127.0.0.1', function () {
        this.write(process.pid + '\\n', () => console.log('holds'));
      })`;
      const source = `const { spawn } = require('node:child_process');
        const { once } = require('node:events');
        exports.handler = async ({ stays }) => {
          const child = spawn(process.execPath, ['-e', ${JSON.stringify(hold)}], { stdio: ['ignore', 'pipe', 'inherit'] });
          await once(child.stdout, 'data');
          await new Promise((resolve) => ${hold.replace("console.log('holds')", 'resolve()')});
          if (stays) await new Promise(() => {});
        };`;
      writeFileSync(join(directory, 'index.js'), source);
    });
    afterEach(() => {
      runtime?.kill('SIGKILL');
      for (const pid of pids.splice(0)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended, as expected.
        }
      }
    });
    afterAll(() => {
      server.close();
      rmSync(directory, { recursive: true });
    });

    /** The connections of the function and of its child, with the process that holds each. */
    async function holders(): Promise<{ ended: Promise<unknown> }[]> {
      const sockets: Socket[] = [];
      while (sockets.length < 2) {
        const [socket] = (await once(server, 'connection')) as [Socket];
        sockets.push(socket);
      }
      return Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => {});
          const ended = once(socket, 'close');
          const [text] = (await once(socket, 'data')) as [Buffer];
          pids.push(Number(text.toString()));
          return { ended };
        }),
      );
    }

    function start(event: { stays: boolean }): ChildProcess {
      const args = ['--require', 'tsx/cjs', HOST_PROCESS, directory, JSON.stringify(event)];
      runtime = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      return runtime;
    }

    it('end with it during an invocation', async () => {
      const held = holders();
      const { pid } = start({ stays: true });
      const both = await held;
      process.kill(pid ?? 0, 'SIGKILL');
      await Promise.all(both.map(({ ended }) => ended));
    });

    it('end with it between two invocations, while they are frozen', async () => {
      const held = holders();
      const { pid, stdout } = start({ stays: false });
      const [both] = await Promise.all([held, once(stdout as Readable, 'data')]);
      for (const holder of pids) await untilStopped(holder);
      process.kill(pid ?? 0, 'SIGKILL');
      await Promise.all(both.map(({ ended }) => ended));
    });
  });

  describe('whose function has answered', () => {
    const fixture = new Fixture();
    afterEach(() => fixture.closeHosts());
    afterAll(() => fixture.remove());

    it('are stopped until the next event, with their children', async () => {
      const source = `const { spawn } = require('node:child_process');
        let child;
        exports.handler = async () => {
          child ??= spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
          return [process.pid, child.pid];
        };`;
      const host = fixture.host([fixture.function('Frozen', { 'index.js': source }, MEMORY)], PROCESS);
      const { payload } = await host.invoke('Frozen', '{}');
      for (const pid of JSON.parse(payload)) await untilStopped(pid);
      expect(await host.invoke('Frozen', '{}')).toMatchObject({ payload });
    });
  });

  describe('that use more memory than their function has', () => {
    const fixture = new Fixture();
    afterEach(() => fixture.closeHosts());
    afterAll(() => fixture.remove());

    // If the system does not report the memory of a process, nothing is measured.
    const onLinux = process.platform === 'linux' ? it : it.skip;

    onLinux.each([
      ['themselves', 'globalThis.kept = Buffer.alloc(400e6, 1)'],
      [
        'in a child',
        "require('node:child_process').spawn(process.execPath, ['-e', 'globalThis.kept = Buffer.alloc(400e6, 1); setInterval(() => {}, 1000)'])",
      ],
    ])('are killed if the memory is %s', async (_, use) => {
      const source = `exports.handler = async () => { ${use}; await new Promise(() => setInterval(() => {}, 1000)); }`;
      const host = fixture.host([fixture.function('Large', { 'index.js': source }, MEMORY)], PROCESS);
      expect(await host.invoke('Large', '{}')).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('signal: killed'),
      });
    });
  });
});
