import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '../../../../infra/bundle';
import { Bundles } from '../../../../local/assembly/functions/bundles';
import type { LambdaFunction } from '../../../../local/assembly/model';

describe('Bundles', () => {
  let root: string;
  let bundles: Bundles;
  const write = (path: string, content: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  /** Creates an asset as an app does, with a copy for the assembly as the CDK makes it. */
  const synthesize = (asset: string): LambdaFunction => {
    bundleFunctions(root, ['functions/chat']);
    cpSync(join(root, 'build/functions/chat'), join(root, 'cdk.out', asset), { recursive: true });
    return lambdaFunction(join(root, 'cdk.out', asset));
  };
  const lambdaFunction = (codeDirectory: string): LambdaFunction => ({
    ...{
      path: 'Main/Chat',
      functionName: 'chat',
      functionArn: 'arn:chat',
      runtime: 'nodejs24.x',
      codeDirectory,
    },
    ...{ handler: 'index.handler', environment: {}, timeoutSeconds: 3, memoryMegabytes: 128 },
  });
  const codeOf = ([built]: LambdaFunction[]) =>
    readFileSync(join(built?.codeDirectory ?? '', 'index.mjs'), 'utf8');

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bundles-'));
    write(
      'functions/chat/handlers.ts',
      "import { name } from '../name';\nexport const handler = () => name;",
    );
    write('functions/name.ts', "export const name: string = 'Ada';");
    bundles = new Bundles(root);
  });
  afterEach(() => {
    bundles.close();
    rmSync(root, { recursive: true });
  });

  it('leave functions unchanged if their sources are unchanged', async () => {
    const functions = bundles.adopt([synthesize('asset.1')]);
    expect(await bundles.build(functions)).toEqual(functions);
    expect(functions[0]?.codeDirectory).toBe(join(root, 'cdk.out/asset.1'));
  });

  it('build the current sources, without a synthesis', async () => {
    const functions = bundles.adopt([synthesize('asset.1')]);
    write('functions/name.ts', "export const name: string = 'Bob';");
    const built = await bundles.build(functions);
    expect(codeOf(built)).toContain('"Bob"');
    expect(codeOf(functions)).toContain('"Ada"');
  });

  it('know each source file of a function, also a new one', async () => {
    await bundles.build(bundles.adopt([synthesize('asset.1')]));
    expect(bundles.isInput(join(root, 'functions/name.ts'))).toBe(true);
    expect(bundles.isInput(join(root, 'functions/greeting.ts'))).toBe(false);
    write('functions/name.ts', "export { name } from './greeting';");
    write('functions/greeting.ts', "export const name = 'hello';");
    await bundles.build([]);
    expect(bundles.isInput(join(root, 'functions/greeting.ts'))).toBe(true);
  });

  it('keep the current build if a synthesis has the same result', async () => {
    const functions = bundles.adopt([synthesize('asset.1')]);
    write('functions/name.ts', "export const name: string = 'Bob';");
    const built = await bundles.build(functions);
    expect(bundles.adopt([synthesize('asset.2')])).toEqual(built);
  });

  it('leave everything that is not a copy of a bundle to the synthesis', async () => {
    synthesize('asset.1');
    write('elsewhere/index.mjs', 'export const handler = 1;');
    const foreign = [lambdaFunction(join(root, 'elsewhere'))];
    expect(bundles.adopt(foreign)).toEqual(foreign);
    expect(bundles.isInput(join(root, 'functions/name.ts'))).toBe(false);
  });

  it('show the location of an error in the source, and continue when it is fixed', async () => {
    const functions = bundles.adopt([synthesize('asset.1')]);
    write('functions/name.ts', 'export const name: string = ;');
    await expect(bundles.build(functions)).rejects.toThrow(
      [
        'functions/chat could not be bundled: functions/name.ts:1:28: ERROR: Unexpected ";"',
        '      1 │ export const name: string = ;',
        '        ╵                             ^',
      ].join('\n'),
    );
    write('functions/name.ts', "export const name: string = 'Ada';");
    expect(await bundles.build(functions)).toEqual(functions);
  });
});
