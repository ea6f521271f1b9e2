import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import {
  Code,
  type FunctionProps,
  Function as LambdaFunction,
  LayerVersion,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { App as ReadApp } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';

const folder = mkdtempSync(join(tmpdir(), 'functions-'));
mkdirSync(join(folder, 'code'));
writeFileSync(join(folder, 'code', 'index.mjs'), 'export const handler = async () => ({ statusCode: 200 });');
// Only the end of an archive: an empty archive has another beginning.
writeFileSync(join(folder, 'fn.zip'), 'PK\u0003\u0004 and so on');
writeFileSync(join(folder, 'fn.jar'), 'no archive');
mkdirSync(join(folder, 'layer', 'nodejs'), { recursive: true });
writeFileSync(join(folder, 'layer', 'nodejs', 'common.js'), '');

/** An app with one function behind `$connect`. */
function read(
  props: (stack: Stack) => Partial<FunctionProps>,
  more?: (handler: LambdaFunction) => void,
): ReadApp {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')) });
  const stack = new Stack(app, 'Main');
  const handler = new LambdaFunction(stack, 'Handler', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(join(folder, 'code')),
    ...props(stack),
  });
  const api = new WebSocketApi(stack, 'Api', {
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler) },
  });
  new WebSocketStage(stack, 'Stage', { webSocketApi: api, stageName: 'chat', autoDeploy: true });
  more?.(handler);
  return readAssembly(app.synth().directory);
}

describe('A function', () => {
  it('may be a zip archive', () => {
    const { functions } = read(() => ({ code: Code.fromAsset(join(folder, 'fn.zip')) }));
    expect(functions[0]?.codeDirectory).toMatch(/asset\.[0-9a-f]+\.zip$/);
  });

  it('has the app’s layers, and names layers of others', () => {
    const arn = 'arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:14';
    const { functions, notRun } = read((stack) => ({
      layers: [
        new LayerVersion(stack, 'Common', { code: Code.fromAsset(join(folder, 'layer')) }),
        LayerVersion.fromLayerVersionArn(stack, 'Insights', arn),
      ],
    }));
    expect(functions[0]?.layers).toEqual([expect.stringMatching(/asset\.[0-9a-f]+$/)]);
    expect(notRun).toEqual([
      {
        type: 'Lambda layer',
        path: 'Main/Handler/Resource',
        reason: expect.stringContaining(`without the layer ${arn}`),
      },
    ]);
  });

  it('has the aliases and versions by which it is invoked', () => {
    const { functions } = read(
      () => ({}),
      (handler) => handler.addAlias('live'),
    );
    expect(functions[0]?.qualifiers).toEqual({ 1: '1', live: '1' });
  });

  it('has its inline code in the same folder each time', () => {
    const [first, second] = [1, 2].map(() => read(() => ({ code: Code.fromInline('exports.handler = 1') })));
    expect(first?.functions[0]?.codeDirectory).toBe(second?.functions[0]?.codeDirectory);
  });
});
