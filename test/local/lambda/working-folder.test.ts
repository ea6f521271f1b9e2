import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LambdaFunction } from '../../../local/assembly/model';
import { UnpackedCode } from '../../../local/lambda/unpacked-code';
import { Fixture, RememberingLog } from './function-fixture';

describe('Working folder', () => {
  const fixture = new Fixture();
  const folder = mkdtempSync(join(tmpdir(), 'working-folder-'));
  const unpacked = new UnpackedCode();
  afterEach(() => fixture.closeHosts());
  afterAll(() => {
    unpacked.close();
    fixture.remove();
    rmSync(folder, { recursive: true });
  });

  const write = (files: Record<string, string>) => {
    const home = mkdtempSync(join(folder, 'files-'));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), content);
    }
    return home;
  };
  /** An archive, created by Python's standard library, because Node.js has no such module. */
  const zip = (files: Record<string, string>) => {
    const home = write(files);
    if (files.bootstrap !== undefined) chmodSync(join(home, 'bootstrap'), 0o755);
    execFileSync(
      'python3',
      [
        '-m',
        'zipfile',
        '-c',
        `${home}.zip`,
        ...new Set(Object.keys(files).map((name) => name.split('/')[0] ?? name)),
      ],
      { cwd: home },
    );
    return `${home}.zip`;
  };

  let count = 0;
  const run = async (files: Record<string, string>, properties: Partial<LambdaFunction> = {}) => {
    count += 1;
    const functions = await unpacked.of([fixture.function(`Working${count}`, files, properties)]);
    return fixture.host(functions).invoke(`Working${count}`, '{}');
  };
  const handler = (body: string) =>
    `const fs = require('node:fs'); exports.handler = async () => { ${body} }`;

  it.each<[string, string, string]>([
    ['a relative path', "return fs.readFileSync('data.txt', 'utf8')", 'data'],
    ['a relative path of a promise', "return fs.promises.readFile('./data.txt', 'utf8')", 'data'],
    [
      'a relative path that path.resolve has made whole',
      "return fs.readFileSync(require('node:path').resolve('data.txt'), 'utf8')",
      'data',
    ],
    ['the path that it has on Lambda', "return fs.readFileSync('/var/task/data.txt', 'utf8')", 'data'],
    [
      'a stream',
      "let text = ''; for await (const part of fs.createReadStream('data.txt')) text += part; return text",
      'data',
    ],
    ['a child process', "return String(require('node:child_process').execSync('cat data.txt'))", 'data'],
    [
      'another folder after a change',
      "process.chdir('sub'); return fs.readFileSync('deep.txt', 'utf8')",
      'deep',
    ],
    [
      'a folder above after a change',
      "process.chdir('sub'); process.chdir('..'); return fs.readFileSync('data.txt', 'utf8')",
      'data',
    ],
  ])('is found by %s', async (_, body, payload) => {
    const files = { 'index.js': handler(body), 'data.txt': 'data', 'sub/deep.txt': 'deep' };
    expect(await run(files)).toMatchObject({ payload: JSON.stringify(payload) });
  });

  it('refuses to change to a missing folder', async () => {
    const body = "try { process.chdir('nowhere') } catch (error) { return error.code }";
    expect(await run({ 'index.js': handler(body) })).toMatchObject({ payload: '"ENOENT"' });
  });

  it('is unpacked from an archive', async () => {
    const codeDirectory = zip({
      'index.js': handler("return fs.readFileSync('data.txt', 'utf8')"),
      'data.txt': 'zipped',
    });
    expect(await run({}, { codeDirectory })).toMatchObject({ payload: '"zipped"' });
  });

  it('names an archive that cannot be unpacked', async () => {
    const broken = join(write({ 'code.zip': 'PK\u0003\u0004 but no more' }), 'code.zip');
    await expect(run({}, { codeDirectory: broken })).rejects.toThrow(
      /the archive .*code\.zip could not be unpacked/,
    );
  });

  const layer = {
    'nodejs/node_modules/pkg/index.js': 'module.exports = "pkg"',
    'nodejs/common.js': 'module.exports = "common"',
    'data.txt': 'layered',
  };

  it.each<[string, () => string]>([
    ['a folder', () => write(layer)],
    ['an archive', () => zip(layer)],
  ])('has a layer of %s at /opt', async (_, layerOf) => {
    const body =
      "return [require('pkg'), require('/opt/nodejs/common'), fs.readFileSync('/opt/data.txt', 'utf8')]";
    const outcome = await run({ 'index.js': handler(body) }, { layers: [layerOf()] });
    expect(outcome).toMatchObject({ payload: '["pkg","common","layered"]' });
  });

  it('lays later layers over earlier ones', async () => {
    const body = "return [require('pkg'), fs.readFileSync('/opt/data.txt', 'utf8')]";
    const layers = [write(layer), write({ 'data.txt': 'over it' })];
    expect(await run({ 'index.js': handler(body) }, { layers })).toMatchObject({
      payload: '["pkg","over it"]',
    });
  });

  it.each<[string, string, string]>([
    ['version 3 under nodejs18.x', 'nodejs18.x', '@aws-sdk/client-xray'],
    ['version 2 under nodejs16.x', 'nodejs16.x', 'aws-sdk'],
  ])('names a package of the SDK that is not installed: %s', async (_, runtime, name) => {
    const outcome = await run({ 'index.js': `require('${name}')` }, { runtime });
    expect(outcome).toMatchObject({
      errorMessage: expect.stringContaining(`npm install --save-dev ${name}`),
    });
  });

  describe("a package of the SDK that the project has but Lambda's runtimes do not", () => {
    const around = (name: string) => fixture.write(`node_modules/${name}/index.js`, 'exports.here = true');

    it.each([
      ['a client that is newer', '@aws-sdk/client-of-tomorrow'],
      ['a part that was moved', '@aws-sdk/util-utf8'],
    ])('is missing here, too: %s', async (_, name) => {
      around(name);
      const log = new RememberingLog();
      const unbundled = fixture.function(`Unbundled${name.length}`, { 'index.js': `require('${name}')` });
      const outcome = await fixture.host([unbundled], { log }).invoke(unbundled.functionName, '{}');
      expect(outcome).toMatchObject({
        errorType: 'Runtime.ImportModuleError',
        errorMessage: expect.stringContaining(`Cannot find module '${name}'`),
      });
      expect(log.texts.join()).toContain(`'${name}' is not part of the AWS SDK in Lambda's runtimes`);
    });

    it('is missing for ES modules', async () => {
      around('@aws-sdk/client-of-tomorrow');
      const source = "import '@aws-sdk/client-of-tomorrow'; export const handler = async () => 1";
      expect(await run({ 'index.mjs': source })).toMatchObject({
        errorMessage: expect.stringContaining("Cannot find package '@aws-sdk/client-of-tomorrow'"),
      });
    });

    it('is found if it is part of the code', async () => {
      const name = '@aws-sdk/client-of-tomorrow';
      const files = {
        'index.js': `const { own } = require('${name}'); exports.handler = async () => own`,
        [`node_modules/${name}/index.js`]: 'exports.own = 7',
      };
      expect(await run(files)).toMatchObject({ payload: '7' });
    });
  });

  it.each([
    ['nodejs16.x', '@aws-sdk/client-dynamodb'],
    ['nodejs18.x', 'aws-sdk'],
  ])('contains no SDK that %s does not include', async (runtime, name) => {
    const outcome = await run({ 'index.js': `require('${name}')` }, { runtime });
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: expect.stringMatching(/^Error: Cannot find module '[^']+'\nRequire stack/),
    });
  });

  describe('ES modules', () => {
    it('also find packages in layers', async () => {
      const files = {
        'index.mjs':
          "import pkg from 'pkg'; import common from '/opt/nodejs/common.js'; export const handler = async () => [pkg, common]",
      };
      expect(await run(files, { layers: [write(layer)] })).toMatchObject({ payload: '["pkg","common"]' });
    });

    it('can import the AWS SDK statically, wherever the code is', async () => {
      const source =
        "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'; export const handler = async () => typeof DynamoDBClient";
      expect(await run({ 'index.mjs': source })).toMatchObject({ payload: '"function"' });
    });

    it("work with a bundle's createRequire banner", async () => {
      const source = [
        "import { createRequire } from 'node:module';",
        'const require = createRequire(import.meta.url);',
        "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';",
        "const { SQSClient } = require('@aws-sdk/client-sqs'); const { sep } = require('path');",
        'export const handler = async () => [typeof DynamoDBClient, typeof SQSClient, sep];',
      ].join('\n');
      expect(await run({ 'index.mjs': source })).toMatchObject({ payload: '["function","function","/"]' });
    });

    it('name a package of the SDK that is not installed', async () => {
      const source = "import '@aws-sdk/client-xray'; export const handler = async () => 1";
      expect(await run({ 'index.mjs': source })).toMatchObject({
        errorType: 'Error',
        errorMessage: expect.stringContaining('npm install --save-dev @aws-sdk/client-xray'),
      });
    });

    it("do not find the project's packages, which would be missing on Lambda", async () => {
      fixture.write('node_modules/around/index.js', 'module.exports = 1');
      const source = "import around from 'around'; export const handler = async () => around";
      expect(await run({ 'index.mjs': source })).toMatchObject({
        errorType: 'Error',
        errorMessage: expect.stringContaining("Cannot find package 'around'"),
      });
    });

    it('can have packages of their own', async () => {
      const files = {
        'index.mjs': "import own from 'own'; export const handler = async () => own",
        'node_modules/own/index.js': 'module.exports = 8',
      };
      expect(await run(files)).toMatchObject({ payload: '8' });
    });

    it('are detected by their syntax in a file named index.js', async () => {
      const source =
        "import { sep } from 'node:path'; const value = await Promise.resolve(sep); export const handler = async () => value";
      expect(await run({ 'index.js': source })).toMatchObject({ payload: '"/"' });
    });
  });
});
