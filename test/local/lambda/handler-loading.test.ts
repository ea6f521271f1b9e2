import { buildSync } from 'esbuild';
import type { LambdaFunction } from '../../../local/assembly/model';
import { Fixture, RememberingLog } from './function-fixture';

const ES_MODULE = 'await null; export const handler = async () => import.meta.url.slice(0, 5);';

describe('Handler loading', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  let functionCount = 0;
  const load = (files: Record<string, string>, properties: Partial<LambdaFunction> = {}) => {
    functionCount += 1;
    const lambdaFunction = fixture.function(`Loading${functionCount}`, files, properties);
    return fixture.host([lambdaFunction]).invoke(lambdaFunction.functionName, '{}');
  };

  it.each<[string, Record<string, string>, Partial<LambdaFunction>, string]>([
    ['a CommonJS file', { 'index.js': 'exports.handler = async () => 1' }, {}, '1'],
    ['a .cjs file', { 'index.cjs': 'exports.handler = async () => 2' }, {}, '2'],
    ['an ES module, with top-level await', { 'index.mjs': ES_MODULE }, {}, '"file:"'],
    [
      'a .js file of a package of modules',
      { 'index.js': ES_MODULE, 'package.json': '{"type":"module"}' },
      {},
      '"file:"',
    ],
    [
      'a file in a folder',
      { 'src/chat.js': 'exports.run = async () => 3' },
      { handler: 'src/chat.run' },
      '3',
    ],
    ['a nested export', { 'index.js': 'exports.a = { b: async () => 4 }' }, { handler: 'index.a.b' }, '4'],
    [
      'an export of the default export',
      { 'index.mjs': 'export default { handler: async () => 5 }' },
      {},
      '5',
    ],
    [
      'a handler that is exported as default',
      { 'index.mjs': 'export default async () => 6' },
      { handler: 'index.default' },
      '6',
    ],
  ])('finds %s', async (_, files, properties, payload) => {
    expect(await load(files, properties)).toMatchObject({ kind: 'success', payload });
  });

  it.each<[string, Record<string, string>, Partial<LambdaFunction>, string, RegExp | string]>([
    ['a file that is missing', {}, {}, 'Runtime.ImportModuleError', /^Error: Cannot find module 'index'/],
    [
      'a package that is missing',
      { 'index.js': "require('no-such-package')" },
      {},
      'Runtime.ImportModuleError',
      /^Error: Cannot find module 'no-such-package'/,
    ],
    [
      'an export that is missing',
      { 'index.js': 'exports.other = 1' },
      {},
      'Runtime.HandlerNotFound',
      'index.handler is undefined or not exported',
    ],
    [
      'an export that is no function',
      { 'index.js': 'exports.handler = 1' },
      {},
      'Runtime.HandlerNotFound',
      'index.handler is not a function',
    ],
    [
      'a mistake in the syntax',
      { 'index.js': 'exports.handler = = 1' },
      {},
      'Runtime.UserCodeSyntaxError',
      "SyntaxError: Unexpected token '='",
    ],
    [
      'a name without an export',
      { 'index.js': '' },
      { handler: 'index' },
      'Runtime.MalformedHandlerName',
      'Bad handler',
    ],
    [
      'a name that leaves the folder',
      {},
      { handler: '../index.handler' },
      'Runtime.MalformedHandlerName',
      /not a valid handler name/,
    ],
    [
      'a handler with a callback, as Node.js 24 does on Lambda',
      { 'index.js': 'exports.handler = (event, context, callback) => callback(null, 1)' },
      {},
      'Runtime.CallbackHandlerDeprecated',
      /removed support for callback-based function handlers/,
    ],
    [
      'a module that throws',
      { 'index.js': 'throw new RangeError("no table")' },
      {},
      'RangeError',
      'no table',
    ],
  ])('refuses %s', async (_, files, properties, errorType, errorMessage) => {
    const outcome = await load(files, properties);
    expect(outcome).toMatchObject({
      kind: 'failure',
      errorType,
      errorMessage: typeof errorMessage === 'string' ? errorMessage : expect.stringMatching(errorMessage),
    });
    expect(Object.keys(JSON.parse(outcome.payload))).toEqual(['errorType', 'errorMessage', 'trace']);
  });

  it('retries after an error in the init phase', async () => {
    const lambdaFunction = fixture.function('Mended', { 'index.js': 'throw new Error("not yet")' });
    const host = fixture.host([lambdaFunction]);
    expect(await host.invoke('Mended', '{}')).toMatchObject({ errorMessage: 'not yet' });
    fixture.function('Mended', { 'index.js': 'exports.handler = async () => "mended"' });
    expect(await host.invoke('Mended', '{}')).toMatchObject({ payload: '"mended"' });
  });

  it('reports a module that ends the process', async () => {
    expect(await load({ 'index.js': 'process.exit(7)' })).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('exit status 7'),
    });
  });

  describe('code folder', () => {
    it('ignores the package.json of the surrounding project', async () => {
      fixture.write('package.json', '{"type":"module"}');
      const files = {
        'index.js': "exports.handler = async () => require('./part').part",
        'part.js': 'exports.part = 1',
      };
      expect(await load(files)).toMatchObject({ payload: '1' });
    });

    it("does not contain the project's packages, which would be missing on Lambda", async () => {
      const log = new RememberingLog();
      fixture.write('node_modules/around/index.js', 'module.exports = 1');
      const lambdaFunction = fixture.function('Leaning', {
        'index.js': "exports.handler = async () => require('around')",
      });
      const outcome = await fixture.host([lambdaFunction], { log }).invoke('Leaning', '{}');
      expect(outcome).toMatchObject({ errorMessage: expect.stringMatching(/^Cannot find module 'around'/) });
      expect(log.texts).toEqual([expect.stringContaining("outside the function's code folder")]);
    });

    it('can have its own packages', async () => {
      const files = {
        'index.js': "exports.handler = async () => require('own')",
        'node_modules/own/index.js': 'module.exports = 8',
      };
      expect(await load(files)).toMatchObject({ payload: '8' });
    });

    it('includes the AWS SDK, as Lambda’s runtimes do', async () => {
      const source =
        "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb'); exports.handler = async () => typeof DynamoDBClient";
      expect(await load({ 'index.js': source })).toMatchObject({ payload: '"function"' });
    });
  });

  it('shows the source line in the error of a minified bundle', async () => {
    const log = new RememberingLog();
    const lambdaFunction = fixture.function('Bundled', {});
    const source = [
      'interface Room { name: string }',
      '',
      'export async function handler(): Promise<Room> {',
      "  const rooms: Room[] = JSON.parse('[]');",
      '  const [room] = rooms;',
      "  if (!room) throw new Error('no room');",
      '  return room;',
      '}',
    ].join('\n');
    buildSync({
      entryPoints: [fixture.write('sources/rooms.ts', source)],
      outfile: `${lambdaFunction.codeDirectory}/index.js`,
      bundle: true,
      minify: true,
      platform: 'node',
      sourcemap: 'linked',
    });
    await fixture.host([lambdaFunction], { log }).invoke('Bundled', '{}');
    expect(log.ends[0]?.detail).toMatch(/no room\n.*rooms\.ts:6:\d+\)/);
  });
});
