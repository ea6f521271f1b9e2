/** Cloud assemblies written by hand, for what the CDK's constructs do not allow. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Assembly } from '../../../local/assembly/assembly';
import { readAssembly } from '../../../local/assembly/read-assembly';
import type { Json, JsonObject } from '../../../local/assembly/values/json';

export type Template = { Resources?: Record<string, JsonObject> } & JsonObject;

export interface StackSettings {
  environment?: string;
  parameters?: JsonObject;
  metadata?: JsonObject;
}

const root = mkdtempSync(join(tmpdir(), 'assemblies-'));

afterAll(() => rmSync(root, { recursive: true }));

/** Writes one stack for each template, and returns the folder. */
export function writeAssembly(
  templates: Record<string, Template>,
  settings: StackSettings & { missing?: Json[] } = {},
): string {
  const directory = mkdtempSync(join(root, 'assembly-'));
  const { environment = 'aws://unknown-account/unknown-region', parameters = {}, metadata = {} } = settings;
  const artifacts: JsonObject = {};
  for (const [name, template] of Object.entries(templates)) {
    writeFileSync(join(directory, `${name}.template.json`), JSON.stringify(template));
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      environment,
      properties: { templateFile: `${name}.template.json`, parameters },
      metadata,
    };
  }
  artifacts.Assets = { type: 'cdk:asset-manifest', properties: { file: 'Assets.assets.json' } };
  mkdirSync(join(directory, 'asset.code'));
  writeFileSync(
    join(directory, 'asset.code', 'index.js'),
    'exports.handler = async () => ({ statusCode: 200 });',
  );
  writeFileSync(
    join(directory, 'Assets.assets.json'),
    JSON.stringify({
      files: { code: { source: { path: 'asset.code' }, destinations: { here: { objectKey: 'code.zip' } } } },
    }),
  );
  writeFileSync(
    join(directory, 'manifest.json'),
    JSON.stringify({ artifacts, missing: settings.missing ?? [] }),
  );
  return directory;
}

/** The resolved value of `value` in an output of a template. */
export function evaluate(
  value: Json,
  template: Template = {},
  settings: StackSettings = {},
): Json | undefined {
  const [stack] = Assembly.read(writeAssembly({ Main: template }, settings)).stacks;
  return stack?.resolve(value, 'Outputs.Value');
}

/** A stack with one API, one route, one stage and one function that can run. */
export function chatTemplate(): { Resources: Record<string, { Type: string; Properties: JsonObject }> } {
  return {
    Resources: {
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          Name: 'chat-api',
          ProtocolType: 'WEBSOCKET',
          RouteSelectionExpression: '$request.body.action',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId: { Ref: 'Api' },
          RouteKey: '$default',
          Target: { 'Fn::Sub': `integrations/\${Integration}` },
        },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: {
            'Fn::Sub': `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Function.Arn}/invocations`,
          },
        },
      },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: 'chat', AutoDeploy: true },
      },
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
          SourceArn: {
            'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*$default`,
          },
        },
      },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
        },
      },
    },
  };
}

/** The chat template with some changed properties; `undefined` removes one. */
export function chatTemplateWith(changes: Record<string, Record<string, Json | undefined>>): Template {
  const template = chatTemplate();
  for (const [logicalId, properties] of Object.entries(changes)) {
    const resource = template.Resources[logicalId];
    if (!resource) throw new Error(`The chat template has no ${logicalId}`);
    for (const [name, value] of Object.entries(properties)) {
      if (value === undefined) delete resource.Properties[name];
      else resource.Properties[name] = value;
    }
  }
  return template as unknown as Template;
}

export function readTemplate(template: Template, settings: StackSettings & { missing?: Json[] } = {}) {
  return readAssembly(writeAssembly({ Main: template }, settings));
}
