import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Annotations,
  App,
  type IStackSynthesizer,
  LegacyStackSynthesizer,
  NestedStack,
  Stack,
  type StackProps,
  Stage,
} from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { lossText } from '../../../local/assembly/losses';
import { readAssembly } from '../../../local/assembly/read-assembly';

const code = mkdtempSync(join(tmpdir(), 'code-'));
writeFileSync(join(code, 'index.js'), 'exports.handler = async () => ({ statusCode: 200 });');

function newApp(): App {
  return new App({ outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')) });
}

function newFunction(scope: Construct, id = 'Handler'): LambdaFunction {
  return new LambdaFunction(scope, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    functionName: 'handler',
  });
}

function chat(scope: Construct, handler = newFunction(scope)): WebSocketApi {
  const api = new WebSocketApi(scope, 'Api', {
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler) },
  });
  new WebSocketStage(scope, 'Stage', { webSocketApi: api, stageName: 'chat', autoDeploy: true });
  return api;
}

function chatStack(scope: Construct, id: string, region?: string): Stack {
  const props: StackProps = region === undefined ? {} : { env: { region, account: '000000000000' } };
  const stack = new Stack(scope, id, props);
  chat(stack);
  return stack;
}

const twoRegions = () => {
  const app = newApp();
  for (const region of ['eu-west-1', 'us-west-2']) chatStack(app, `Main-${region}`, region);
  return app.synth().directory;
};

describe('An app in several regions', () => {
  it('runs in the region of its first API, and explains how to run the others', () => {
    const { region, apis, notRun } = readAssembly(twoRegions());
    expect([region, apis.length]).toEqual(['eu-west-1', 1]);
    expect(notRun.map(lossText)).toEqual([
      'The WebSocket API of Main-us-west-2 is not served. Main-us-west-2: is in us-west-2, but a run serves only one region; to serve this one, use --region us-west-2.',
    ]);
  });

  it('runs in the requested region', () => {
    const { region, functions } = readAssembly(twoRegions(), { region: 'us-west-2' });
    expect([region, functions[0]?.path]).toEqual(['us-west-2', 'Main-us-west-2/Handler/Resource']);
    expect(functions[0]?.functionArn).toBe('arn:aws:lambda:us-west-2:000000000000:function:handler');
  });

  it('names its regions', () => {
    expect(() => readAssembly(twoRegions(), { region: 'eu-north-1' })).toThrow(
      '--region eu-north-1: the app has no stack there. Its stacks are in eu-west-1, us-west-2.',
    );
  });

  it('runs where its API is nested in a stack, and not where its certificate is', () => {
    const app = newApp();
    new Stack(app, 'Edge', { env: { region: 'us-east-1' } });
    chat(new NestedStack(new Stack(app, 'Main', { env: { region: 'eu-west-1' } }), 'Inner'));
    expect(readAssembly(app.synth().directory).region).toBe('eu-west-1');
  });

  it('assigns a region to stacks without one', () => {
    const app = newApp();
    chatStack(app, 'Main');
    expect(readAssembly(app.synth().directory, { region: 'eu-north-1' }).region).toBe('eu-north-1');
  });
});

describe('An app of several stacks', () => {
  const stages = () => {
    const app = newApp();
    for (const name of ['Dev', 'Prod']) chatStack(new Stage(app, name), 'Main');
    return app.synth().directory;
  };

  it('has functions with the same name only once', () => {
    expect(() => readAssembly(stages())).toThrow(
      'Prod/Main/Handler/Resource and Dev/Main/Handler/Resource are both named handler. If they belong to two stages of the app, select one with --stack.',
    );
  });

  it.each(['Prod/*', 'Prod/Main', 'Prod-Main'])('runs those that %s names', (name) => {
    const { functions } = readAssembly(stages(), { stacks: [name] });
    expect(functions.map(({ path }) => path)).toEqual(['Prod/Main/Handler/Resource']);
  });

  it('names its stacks', () => {
    expect(() => readAssembly(stages(), { stacks: ['Main'] })).toThrow(
      /^--stack Main: the app has no such stack\. Its stacks are: Dev\/Main.*, Prod\/Main/,
    );
  });

  it('reports errors only of the constructs that run', () => {
    const app = newApp();
    chatStack(app, 'Main');
    Annotations.of(new Stack(app, 'Other')).addError('Give it a name');
    const { directory } = app.synth();
    expect(readAssembly(directory).notRun.map(({ reason }) => reason)).toEqual(['reports Give it a name']);
    expect(readAssembly(directory, { stacks: ['Main'] }).notRun).toEqual([]);
  });

  it('runs a function of another stack, which is included', () => {
    const app = newApp();
    const handler = newFunction(new Stack(app, 'Functions'));
    chat(new Stack(app, 'Main'), handler);
    new Stack(app, 'Other');
    const { apis, stacks } = readAssembly(app.synth().directory, { stacks: ['Main'] });
    expect(apis[0]?.routes[0]?.integration).toMatchObject({ type: 'AWS_PROXY', functionName: 'handler' });
    expect(stacks.map(({ name }) => name)).toEqual(['Functions', 'Main']);
  });

  it('resolves outputs of other stacks without exports', () => {
    const app = new App({
      outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')),
      context: { '@aws-cdk/core:defaultCrossStackReferences': 'weak' },
    });
    const handler = newFunction(new Stack(app, 'Functions'));
    chat(new Stack(app, 'Main'), handler);
    const { directory } = app.synth();
    expect(readFileSync(join(directory, 'Main.template.json'), 'utf8')).toContain('Fn::GetStackOutput');
    expect(readAssembly(directory).apis[0]?.routes[0]?.integration.type).toBe('AWS_PROXY');
  });

  it('lists an imported function, and runs the other routes', () => {
    const app = newApp();
    const stack = new Stack(app, 'Main');
    const arn = 'arn:aws:lambda:us-east-1:111111111111:function:elsewhere';
    const elsewhere = LambdaFunction.fromFunctionArn(stack, 'Elsewhere', arn);
    chat(stack).addRoute('far', { integration: new WebSocketLambdaIntegration('Far', elsewhere) });
    expect(readAssembly(app.synth().directory).notRun.map(lossText)).toEqual([
      expect.stringMatching(
        /^Internal server error for far at Main\/Api\. Main\/Api\/far-Route\/Far: calls arn:aws:lambda:us-east-1:111111111111:function:elsewhere, which is not a function of this app/,
      ),
    ]);
  });
});

describe('An assembly of CDK 1', () => {
  const legacy = () => {
    const app = newApp();
    const synthesizer = new LegacyStackSynthesizer() as IStackSynthesizer;
    chat(new Stack(app, 'Main', { synthesizer }));
    return app.synth().directory;
  };

  it('has its assets passed as parameters', () => {
    const { functions, unknownValues } = readAssembly(legacy());
    expect(functions[0]?.codeDirectory).toMatch(/asset\.[0-9a-f]+$/);
    expect(unknownValues).toEqual([]);
  });

  it('is reported as CDK 1', () => {
    const directory = legacy();
    const file = join(directory, 'tree.json');
    const constructInfo = '"constructInfo":{"fqn":"@aws-cdk/core.App","version":"1.204.0"}';
    writeFileSync(file, `{"version":"tree-0.1","tree":{"id":"App",${constructInfo}}}`);
    expect(readAssembly(directory).notRun.map(lossText)).toEqual([
      expect.stringContaining('was synthesized by CDK 1.204.0, which AWS no longer maintains'),
    ]);
  });
});
