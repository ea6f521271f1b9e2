import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from 'esbuild';
import { shorten } from '../../../local/assembly/synthesis/app-error';
import { findApp } from '../../../local/assembly/synthesis/app-source';
import { synthesize } from '../../../local/assembly/synthesis/synthesis';
import { UserError } from '../../../local/user-error';
import { writeAssembly } from '../assembly/written-assembly';

function folderWith(files: Record<string, string | object>): string {
  const folder = mkdtempSync(join(tmpdir(), 'app-'));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

describe('findApp', () => {
  it('reads the app from cdk.json, with its context', () => {
    const folder = folderWith({
      'cdk.json': { app: 'tsx app.ts', context: { a: 1, b: 1 } },
      'cdk.context.json': { b: 2 },
    });
    expect(findApp(undefined, folder)).toEqual({
      kind: 'command',
      synthesis: {
        command: 'tsx app.ts',
        workingDirectory: folder,
        outputDirectory: join(folder, 'cdk.out'),
        context: { a: 1, b: 2 },
      },
    });
  });

  it('prefers context from the command line over context from files', () => {
    const folder = folderWith({ 'cdk.json': { app: 'tsx app.ts', context: { stage: 'prod', a: 1 } } });
    expect(findApp(undefined, folder, { stage: 'dev', b: '2' })).toMatchObject({
      synthesis: { context: { stage: 'dev', a: 1, b: '2' } },
    });
  });

  it('refuses context for a cloud assembly, which is already synthesized', () => {
    expect(() => findApp(writeAssembly({}), '/', { stage: 'dev' })).toThrow(
      /^--context stage is for an app that is synthesized/,
    );
  });

  it("runs the build command of cdk.json first, in the app's folder", () => {
    const folder = folderWith({ 'cdk.json': { app: 'node app', build: 'make', output: 'dist' } });
    expect(findApp(undefined, folder)).toMatchObject({
      synthesis: { command: 'make && node app', outputDirectory: join(folder, 'dist') },
    });
  });

  it('accepts a folder with a cloud assembly', () => {
    const directory = writeAssembly({});
    expect(findApp(directory, '/')).toEqual({ kind: 'assembly', directory, workingDirectory: '/' });
  });

  it('accepts the folder of another CDK app', () => {
    const folder = folderWith({ 'cdk.json': { app: 'tsx app.ts' } });
    expect(findApp(folder, '/')).toMatchObject({ synthesis: { workingDirectory: folder } });
  });

  it.each(['/nowhere', './cdk.outt', '/nowhere/run --fast', 'cdk.outt'])(
    'says that there is no folder and no command %s',
    (app) => {
      expect(() => findApp(app, '/')).toThrow(/There is no folder or command .*--app.*Pass the folder/);
    },
  );

  it.each(['FOO=1 node app', '(node app)', 'node'])('takes %s for the command that it is', (app) => {
    expect(findApp(app, '/')).toMatchObject({ kind: 'command', synthesis: { command: app } });
  });

  it('accepts a command', () => {
    expect(findApp('node --import tsx other.ts', '/')).toMatchObject({
      synthesis: { command: 'node --import tsx other.ts' },
    });
  });

  it('runs a script with Node.js', () => {
    const folder = folderWith({ 'app.js': '' });
    expect(findApp('app.js', folder)).toMatchObject({
      synthesis: { command: `"${process.execPath}" "app.js"` },
    });
  });

  it.each<[string, string | undefined, Record<string, string | object>, RegExp]>([
    ['no cdk.json', undefined, {}, /There is no cdk\.json with an "app" in/],
    ['a cdk.json without an app', undefined, { 'cdk.json': {} }, /There is no cdk\.json with an "app" in/],
    ['a cdk.json that is no JSON', undefined, { 'cdk.json': '{' }, /cdk\.json is not readable as JSON/],
    ['a folder with nothing', '.', {}, /has neither a cloud assembly \(manifest\.json\) nor a CDK app/],
  ])('refuses %s', (_, app, files, message) => {
    const act = () => findApp(app, folderWith(files));
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  });
});

describe('synthesize', () => {
  const write = (body: string) => `const { writeFileSync, mkdirSync } = require('node:fs'); ${body}`;

  function synthesis(script: string) {
    const workingDirectory = folderWith({ 'app.js': write(script) });
    return {
      command: `"${process.execPath}" app.js`,
      workingDirectory,
      outputDirectory: join(workingDirectory, 'cdk.out'),
      context: { colour: 'blue' },
    };
  }

  it("gives the app what the CDK's command line gives it", async () => {
    const app = synthesis(`
      mkdirSync(process.env.CDK_OUTDIR);
      writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', '{}');
      const { colour } = JSON.parse(process.env.CDK_CONTEXT_JSON);
      console.log(colour, process.env.CDK_DEFAULT_REGION, process.env.CDK_DEFAULT_ACCOUNT);
    `);
    expect(await synthesize(app)).toBe('blue us-east-1 000000000000');
  });

  /** Like aws-lambda-nodejs, which builds with Docker if there is no esbuild. */
  const findEsbuild = `
    const { spawnSync } = require('node:child_process');
    mkdirSync(process.env.CDK_OUTDIR);
    writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', '{}');
    console.log(spawnSync('esbuild', ['--version']).stdout?.toString().trim());
  `;

  it('provides its esbuild to an app that has none', async () => {
    const app = { ...synthesis(findEsbuild), environment: { PATH: '/usr/bin:/bin' } };
    expect(await synthesize(app)).toBe(version);
  });

  it("prefers the machine's esbuild", async () => {
    const folder = folderWith({ esbuild: '#!/bin/sh\necho 0.0.1\n' });
    chmodSync(join(folder, 'esbuild'), 0o755);
    const app = { ...synthesis(findEsbuild), environment: { PATH: `${folder}:/usr/bin:/bin` } };
    expect(await synthesize(app)).toBe('0.0.1');
  });

  it('reports that an app writes no assembly', async () => {
    await expect(synthesize(synthesis(''))).rejects.toThrow(/did not write a cloud assembly to .*cdk\.out/);
  });

  it('does not accept an assembly from an earlier run', async () => {
    const app = synthesis('');
    await expect(synthesize({ ...app, outputDirectory: writeAssembly({}) })).rejects.toThrow(/did not write/);
  });

  it('reports that a command does not exist', async () => {
    const app = { ...synthesis(''), command: 'no-such-command' };
    await expect(synthesize(app)).rejects.toThrow(/`no-such-command` failed \(exit code 127\): .*not found/);
  });
});

describe('shorten', () => {
  it("begins with the CDK's own first line", () => {
    const errors = [
      '/p/node_modules/aws-cdk-lib/core/lib/asset-staging.js:1',
      '"use strict";var __createBinding=1;',
      '    ^',
      '',
      '«CannotFindAsset» Cannot find asset at /p/nope',
      '    ...new Function2 in aws-cdk-lib...',
      '    at <anonymous> (/p/app.ts:4:1)',
      '    ...node internals...',
      'Relates to construct:',
      '    <.> (aws-cdk-lib.App)',
      '',
      'Node.js v20.20.2',
    ];
    expect(shorten(errors.join('\n'), '/p')).toBe(
      '«CannotFindAsset» Cannot find asset at /p/nope (app.ts:4:1)',
    );
  });

  it("shows the bundler's first error if a function cannot be bundled", () => {
    const errors = [
      'Bundling asset S/Fn/Code/Stage...',
      '✘ [ERROR] Could not resolve "not-there"',
      '',
      '    src/h.ts:1:18:',
      "      1 │ import { x } from 'not-there';",
      '        ╵                   ~~~~~~~~~~~',
      '',
      '  You can mark the path "not-there" as external to exclude it from the bundle.',
      '',
      '✘ [ERROR] Could not resolve "./gone"',
      '',
      '    src/h.ts:2:18:',
      "      2 │ import { y } from './gone';",
      '        ╵                   ~~~~~~~~',
      '',
      '2 errors',
      '/p/node_modules/aws-cdk-lib/core/lib/asset-staging.js:2',
      'throw new Error("Failed to bundle asset " + this.node.path);',
      '       ^',
      '',
      '[«FailedToBundleAsset» Failed to bundle asset S/Fn/Code/Stage, bundle output is located at /p/cdk.out/bundling-temp-1: CommandExitedWithNonZeroStatus: npx --no-install esbuild --bundle "/p/src/h.ts" run in directory /p exited with status 1',
      '    ...aws-cdk-lib...',
      'Relates to construct:',
      '    <.> (aws-cdk-lib.App)]',
    ];
    expect(shorten(errors.join('\n'), '/p')).toBe(
      [
        'src/h.ts:1:18: ERROR: Could not resolve "not-there"',
        "      1 │ import { x } from 'not-there';",
        '        ╵                   ~~~~~~~~~~~',
        '1 more error',
        'Failed to bundle asset S/Fn/Code/Stage',
      ].join('\n'),
    );
  });

  it('shows what a failed command printed', () => {
    const errors = [
      'Traceback of pip',
      'ERROR: No matching distribution found for not-there',
      'node:child_process:930',
      '    throw err;',
      '    ^',
      '',
      'Error: Command failed: pip install -r requirements.txt -t /p/cdk.out/asset',
      '    at genericNodeError (node:internal/errors:984:15)',
      '    at new PyStack (/p/lib/stack.ts:7:3)',
    ];
    expect(shorten(errors.join('\n'), '/p')).toBe(
      [
        'Traceback of pip',
        'ERROR: No matching distribution found for not-there',
        'Error: Command failed: pip install -r requirements.txt -t /p/cdk.out/asset (lib/stack.ts:7:3)',
      ].join('\n'),
    );
  });

  it('counts the errors that the bundler did not show', () => {
    const errors =
      '✘ [ERROR] Could not resolve "x"\n\n    h.ts:1:18:\n      1 │ import x\n        ╵ ~~~\n\n6 of 16 errors shown (disable the message limit with --log-limit=0)\nnode:child_process:930\n\nError: Command failed: esbuild --bundle h.ts\n    at new C (/home/ada/app.ts:9:7)';
    expect(shorten(errors, '/home/ada')).toMatch(/\n15 more errors$/);
  });

  it.each<[string, string, string]>([
    [
      "keeps a compiler's message with its place",
      'node:internal\n\nError: Transform failed with 1 error:\n/home/ada/app.ts:3:6: ERROR: Unexpected "="\n    at x (node_modules/esbuild/lib/main.js:1:1)',
      'app.ts:3:6: ERROR: Unexpected "="',
    ],
    [
      "keeps the bundler's view of the source",
      '✘ [ERROR] Expected identifier\n\n    /home/ada/app.ts:3:6:\n      3 │ const = 1\n        ╵       ^\n\n1 error\nError: Build failed with 1 error:\n/home/ada/app.ts:3:6: ERROR: Expected identifier\n',
      'app.ts:3:6: ERROR: Expected identifier\n      3 │ const = 1\n        ╵       ^',
    ],
    [
      'keeps the message and the first place in the app',
      '/home/ada/app.ts:9\n  throw new Error();\n  ^\n\n\u001b[31mValidationError: Two\nlines\n    at a (/home/ada/node_modules/b.js:1:2)\n    at new C (/home/ada/infra/app.ts:9:7)\n    at node:internal:1:1\n\nNode.js v20',
      'ValidationError: Two\nlines (infra/app.ts:9:7)',
    ],
    [
      'keeps the place in a module',
      'Error: no\n    at file:///home/ada/app.mjs:1:7',
      'Error: no (app.mjs:1:7)',
    ],
    [
      "keeps Python's message, and the innermost place in the app",
      [
        'jsii.errors.JavaScriptError: ',
        '  Error: Cannot find asset at /home/ada/layer',
        '      at new Asset (/tmp/jsii-kernel/node_modules/aws-cdk-lib/asset.js:1:2)',
        '      at Kernel.create (/tmp/jsii/lib/program.js:1:2)',
        '',
        'Traceback (most recent call last):',
        '  File "/home/ada/app.py", line 10, in <module>',
        '    Backend(app, "Quiz")',
        '  File "/home/ada/stacks/backend.py", line 35, in __init__',
        '    layer = LayerVersion(',
        '            ^^^^^^^^^^^^^',
        '  File "/home/ada/.venv/lib/python3.11/site-packages/jsii/process.py", line 359, in send',
        '    raise RuntimeError(resp.error)',
        'RuntimeError: Cannot find asset at /home/ada/layer',
      ].join('\n'),
      'RuntimeError: Cannot find asset at /home/ada/layer (stacks/backend.py:35)',
    ],
    [
      "keeps the place of Python's syntax error",
      '  File "/home/ada/app.py", line 3\n    foo(\n       ^\nSyntaxError: \'(\' was never closed\n',
      "SyntaxError: '(' was never closed (app.py:3)",
    ],
    [
      'keeps the panic of a Go app, and its place',
      [
        'panic: Cannot find asset at bin/hello.zip',
        '',
        'goroutine 1 [running]:',
        'github.com/aws/jsii-runtime-go/runtime.Create({0xcc29fc, 0x1f})',
        '\t/root/go/pkg/mod/github.com/aws/jsii-runtime-go@v1.104.0/runtime/runtime.go:202 +0xd08',
        'app/lambda.Routes({0xf4ffb8})',
        '\t/home/ada/internal/hello.go:14 +0x212',
        'exit status 2',
      ].join('\n'),
      'panic: Cannot find asset at bin/hello.zip (internal/hello.go:14)',
    ],
    ['keeps the last lines of anything else', '1\n2\n3\n4\n5\n\n6\n', '2\n3\n4\n5\n6'],
    ['tells that there is nothing', '', 'it printed no error'],
  ])('%s', (_, errors, expected) => {
    expect(shorten(errors, '/home/ada')).toBe(expected);
  });

  it.each<[string, string, string]>([
    [
      'a Python app',
      '  File "/home/ada/stack.py", line 42, in __init__\njsii.errors.JSIIError: [Status 1] stdout: \n\n\nstderr: DEPRECATED: builder\n  buildx\n\nCannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?\n',
      'Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running? (stack.py:42)',
    ],
    [
      'a Node.js app',
      'Error: spawnSync docker ENOENT\n    at Object.spawnSync (node:internal/child_process:1:1)\n    at new Api (/home/ada/lib/api.ts:8:3)\n',
      'spawnSync docker ENOENT (lib/api.ts:8:3)',
    ],
  ])('says that %s needs Docker, and how to avoid it', (_, errors, cause) => {
    expect(shorten(errors, '/home/ada')).toBe(
      `${cause}\nThe app builds code with Docker, which does not run here. Start Docker, or pass the folder of an assembly that was synthesized elsewhere (--app). The CDK builds functions in TypeScript, Go and Rust without Docker if esbuild, go or cargo-lambda is installed.`,
    );
  });

  describe("for a Python app without the CDK's package", () => {
    const errors =
      'Traceback (most recent call last):\n  File "app.py", line 4, in <module>\n    import aws_cdk\nModuleNotFoundError: No module named \'aws_cdk\'\n';

    it('says which venv to activate', () => {
      const home = folderWith({});
      mkdirSync(join(home, '.venv', 'bin'), { recursive: true });
      writeFileSync(join(home, '.venv', 'bin', 'activate'), '');
      expect(shorten(errors, home)).toBe(
        `ModuleNotFoundError: No module named 'aws_cdk' (app.py:4)\nThe app has a virtual environment. Activate it, and start again: . ${join(home, '.venv/bin/activate')}`,
      );
    });

    it('says how to install it', () => {
      expect(shorten(errors, folderWith({}))).toContain('pip install -r requirements.txt');
    });
  });
});
