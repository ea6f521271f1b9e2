import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';
import { chatTemplateWith, writeAssembly } from '../local/assembly/written-assembly';

const CLI = join(__dirname, '../../local/cli.ts');

function run(
  args: string[],
  cwd = tmpdir(),
  env: NodeJS.ProcessEnv = {},
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const tsx = require.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, CLI, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child as ReturnType<typeof run>;
}

/** A failing test leaves no process behind. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

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

  it("runs functions in UTC, and logs in the user's own time zone", async () => {
    const app = writeAssembly({ Main: chatTemplateWith({}) });
    writeFileSync(
      join(app, 'asset.code', 'index.js'),
      "exports.handler = async () => console.log('UTC is', new Date(0).getHours(), 'hours from here');",
    );
    // Half an hour off the full hours, so that it cannot be the machine's own zone.
    const child = run(['start', '--app', app, '--port', '0'], tmpdir(), { TZ: 'Asia/Kolkata' });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`The output ended without ${pattern}.`);
        if (pattern.test(value)) return value;
      }
    };
    const [url = ''] = /ws:\/\/localhost:\d+\/chat/.exec(await next(/ws:/)) ?? [];
    await next(/^Ready/);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const sentAt = Date.now();
    socket.send('{}');
    const line = await next(/UTC is/);
    socket.terminate();
    expect(line).toMatch(/ Function \| UTC is 0 hours from here$/);
    const [hours, minutes] = line.split(':').map(Number) as [number, number];
    const minutesInIndia = Math.floor(sentAt / 60_000) + 5 * 60 + 30;
    expect((hours * 60 + minutes - minutesInIndia) % (24 * 60)).toBeCloseTo(0, -1);
  });

  it('reports which faults are on, and what they did', async () => {
    const app = writeAssembly({ Main: chatTemplateWith({}) });
    const child = run(['start', '--app', app, '--port', '0', '--fault', 'throttled=0.5', '--seed', '3']);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Ready')) child.kill('SIGTERM');
    }
    expect(lines).toContain('Faults, seed 3: throttled=0.5');
    expect(lines.at(-1)).toBe('Faults: throttled 0 of 0');
  });

  it('writes for programs, one JSON object in each line', async () => {
    const app = writeAssembly({ Main: chatTemplateWith({}) });
    const child = run(['start', '--app', app, '--port', '0', '--json', '--verbose']);
    const lines: Record<string, unknown>[] = [];
    let socket: WebSocket | undefined;
    for await (const text of createInterface(child.stdout)) {
      const line = JSON.parse(text) as Record<string, unknown>;
      lines.push(line);
      if (line.event === 'ready') {
        socket = new WebSocket((line.webSockets as string[])[0] as string);
        socket.once('open', () => socket?.send('hello'));
      }
      if (line.event === 'invocation') child.kill('SIGTERM');
    }
    expect(lines.map(({ event }) => event)).toEqual(['ready', 'invocation', 'message']);
    expect(lines[1]).toMatchObject({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      function: 'Function',
      route: '$default',
      connection: expect.stringMatching(/=$/),
      requestId: expect.any(String),
      durationMs: expect.any(Number),
      payload: expect.stringContaining('"body":"hello"'),
      answer: '{"statusCode":200}',
    });
  });

  it('creates the folder incoming for the bucket with notifications, and names another bucket', async () => {
    const template = chatTemplateWith({});
    const permission = { Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
    const listener = { Event: 's3:ObjectCreated:*', Function: { 'Fn::GetAtt': ['Function', 'Arn'] } };
    Object.assign(template.Resources ?? {}, {
      Files: {
        Type: 'AWS::S3::Bucket',
        Properties: { BucketName: 'files', NotificationConfiguration: { LambdaConfigurations: [listener] } },
      },
      FilesPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: { ...permission, FunctionName: { Ref: 'Function' } },
      },
    });
    const app = writeAssembly({ Main: template });
    const folder = mkdtempSync(join(tmpdir(), 'project-'));
    const child = run(['start', '--app', app, '--port', '0'], folder);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Ready')) break;
    }
    expect(lines).toContain(`Main/Files  ${join(realpathSync(folder), 'incoming')}`);
    child.kill('SIGKILL');

    const mistaken = run(['start', '--app', app, '--port', '0', '--bucket', 'file=incoming'], folder);
    const { stderr, code } = await finish(mistaken);
    expect({ stderr, code }).toEqual({
      stderr:
        '--bucket file does not match exactly one bucket of the app. The buckets are: files (Main/Files).\n',
      code: 1,
    });
  });

  it("ends its output with the page's address", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'web-'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    const app = writeAssembly({ Main: chatTemplateWith({}) });
    const child = run(['start', '--app', app, '--port', '0', '--web', folder]);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Ready')) break;
    }
    expect(lines.at(-1)).toMatch(/^Ready in \d+\.\d s: http:\/\/localhost:\d+\/$/);
    child.kill('SIGKILL');
  });

  it('reports an unknown fault', async () => {
    const { stderr, code } = await finish(run(['start', '--fault', 'lost=1']));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^--fault lost=1: there is no such fault\. The faults are [^\n]+\n$/);
  });

  it("reports an error in the app's code in one paragraph, with file and line", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'app-'));
    writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ app: 'node app.js' }));
    writeFileSync(join(folder, 'app.js'), "const name = 'chat';\nname.missing.more();\n");
    const { stdout, stderr, code } = await finish(run(['start'], folder));
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      "The app's command `node app.js` failed (exit code 1): TypeError: Cannot read properties of undefined (reading 'more') (app.js:2:14)\n",
    );
  });

  it('refuses an unknown option', async () => {
    const { stderr, code } = await finish(run(['start', '--port', 'many']));
    expect(code).toBe(1);
    expect(stderr).toContain('The port must be a number from 0 to 65535.');
  });
});
