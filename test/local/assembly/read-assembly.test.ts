import { lossText } from '../../../local/assembly/losses';
import { readAssembly } from '../../../local/assembly/read-assembly';
import type { Json } from '../../../local/assembly/values/json';
import { UserError } from '../../../local/user-error';
import {
  chatTemplate,
  chatTemplateWith,
  readTemplate,
  type Template,
  writeAssembly,
} from './written-assembly';

type Changes = Record<string, Record<string, Json | undefined>>;

describe('readAssembly', () => {
  it('reads an API with its route, stage and function', () => {
    const app = readTemplate(chatTemplateWith({ Stage: { StageVariables: { colour: 'blue' } } }));
    expect(app.apis).toEqual([
      {
        path: 'Main/Api',
        apiId: expect.stringMatching(/^[a-z0-9]{10}$/),
        name: 'chat-api',
        routeSelectionExpression: '$request.body.action',
        routes: [
          {
            path: 'Main/Route',
            routeKey: '$default',
            integration: {
              type: 'AWS_PROXY',
              functionName: app.functions[0]?.functionName,
              timeoutMillis: 29_000,
            },
            returnsResponse: false,
          },
        ],
        stages: [{ path: 'Main/Stage', stageName: 'chat', variables: { colour: 'blue' } }],
      },
    ]);
  });

  it("gives a function Lambda's defaults", () => {
    expect(readTemplate(chatTemplateWith({})).functions).toEqual([
      expect.objectContaining({
        functionName: expect.stringMatching(/^Main-Function-[A-Z0-9]{12}$/),
        functionArn: expect.stringMatching(/^arn:aws:lambda:us-east-1:000000000000:function:Main-Function-/),
        codeDirectory: expect.stringMatching(/asset\.code$/),
        environment: {},
        timeoutSeconds: 3,
        memoryMegabytes: 128,
      }),
    ]);
  });

  it('gives the same names in every run', () => {
    expect(readTemplate(chatTemplateWith({})).apis).toEqual(readTemplate(chatTemplateWith({})).apis);
  });

  it('writes numbers in environment variables as text', () => {
    const app = readTemplate(
      chatTemplateWith({ Function: { Environment: { Variables: { SIZE: 3, STAGE: { Ref: 'Stage' } } } } }),
    );
    expect(app.functions[0]?.environment).toEqual({ SIZE: '3', STAGE: 'chat' });
  });

  it('recognizes a two-way route by its route response', () => {
    const { Resources } = chatTemplateWith({ Route: { RouteResponseSelectionExpression: '$default' } });
    const Response = {
      Type: 'AWS::ApiGatewayV2::RouteResponse',
      Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'Route' }, RouteResponseKey: '$default' },
    };
    expect(readTemplate({ Resources: { ...Resources, Response } }).apis[0]?.routes[0]?.returnsResponse).toBe(
      true,
    );
  });

  it('treats a route as one-way if its selected response is missing', () => {
    const template = chatTemplateWith({ Route: { RouteResponseSelectionExpression: '$default' } });
    expect(readTemplate(template).apis[0]?.routes[0]?.returnsResponse).toBe(false);
  });

  it('treats a route as one-way if it does not select its response', () => {
    const { Resources } = chatTemplateWith({});
    const Response = {
      Type: 'AWS::ApiGatewayV2::RouteResponse',
      Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'Route' }, RouteResponseKey: '$default' },
    };
    const app = readTemplate({ Resources: { ...Resources, Response } });
    expect(app.apis[0]?.routes[0]?.returnsResponse).toBe(false);
  });

  it('runs inline code', () => {
    const app = readTemplate(chatTemplateWith({ Function: { Code: { ZipFile: 'exports.handler = 1' } } }));
    expect(require(`${app.functions[0]?.codeDirectory}/index.js`)).toEqual({ handler: 1 });
  });

  it('imports values across stacks', () => {
    const names: Template = {
      Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news' } } },
      Outputs: {
        Topic: { Value: { 'Fn::GetAtt': ['Topic', 'TopicName'] }, Export: { Name: 'Names:Topic' } },
      },
    };
    const chat = chatTemplateWith({
      Function: { Environment: { Variables: { TOPIC: { 'Fn::ImportValue': 'Names:Topic' } } } },
    });
    const app = readAssembly(writeAssembly({ Chat: chat, Names: names }));
    expect(app.functions[0]?.environment).toEqual({ TOPIC: 'news' });
  });

  it('lists what it does not support', () => {
    const template = chatTemplateWith({ Stage: { DefaultRouteSettings: { ThrottlingRateLimit: 5 } } });
    const others: Template['Resources'] = {
      ...template.Resources,
      Queue: { Type: 'AWS::Kinesis::Stream', Properties: {} },
      Http: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
      Ruby: {
        Type: 'AWS::Lambda::Function',
        Properties: { Runtime: 'ruby3.4', Handler: 'a.b', Code: {} },
      },
      Role: { Type: 'AWS::IAM::Role', Properties: {} },
    };
    expect(
      readTemplate({ Resources: others as Record<string, never> }, { missing: [{ key: 'vpc' }] }).notRun,
    ).toEqual([
      {
        type: 'HTTP API',
        path: 'Main/Http',
        reason: expect.stringContaining('no stage that is deployed'),
        cost: 'no part of Main/Http is served',
      },
      { type: 'AWS::Lambda::Function', path: 'Main/Ruby', reason: expect.stringContaining('ruby3.4') },
      { type: 'AWS::Kinesis::Stream', path: 'Main/Queue' },
      { type: 'context look-up', path: 'vpc', reason: expect.stringContaining('dummy values') },
    ]);
  });

  it('returns the outputs that it can resolve', () => {
    const template: Template = {
      ...chatTemplateWith({}),
      Outputs: {
        Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, Description: 'Where to connect' },
        Unknown: { Value: '{{resolve:ssm:/x}}' },
      },
    };
    expect(readTemplate(template).outputs).toEqual([
      {
        stack: 'Main',
        name: 'Url',
        value: expect.stringMatching(/^wss:\/\/[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com$/),
        description: 'Where to connect',
      },
    ]);
  });

  it.each<[string, Changes, RegExp]>([
    [
      'authorization',
      { Route: { AuthorizationType: 'JWT', RouteKey: '$connect' } },
      /Every handshake at Main\/Api gets 500\. Main\/Route: uses AuthorizationType JWT, which the runtime does not support/,
    ],
    [
      'an authorizer of another app',
      { Route: { AuthorizationType: 'CUSTOM', AuthorizerId: 'a1', RouteKey: '$connect' } },
      /has an authorizer that is not part of this app \(a1\)/,
    ],
    [
      'an authorizer without its type',
      { Route: { AuthorizerId: 'a1', RouteKey: '$connect' } },
      /has an authorizer, but its AuthorizationType is NONE/,
    ],
    ['an authorizer for messages', { Route: { AuthorizerId: 'a1' } }, /AWS allows only for \$connect/],
    [
      'request parameters of an integration',
      { Integration: { RequestParameters: { a: "'b'" } } },
      /sets RequestParameters, which the runtime does not support/,
    ],
    [
      "the caller's credentials",
      { Integration: { CredentialsArn: 'arn:aws:iam::*:user/*' } },
      /invokes with the credentials arn:aws:iam::\*:user\/\*, which is not run/,
    ],
    [
      'a service without a role',
      {
        Integration: { IntegrationType: 'AWS', IntegrationUri: 'arn:aws:apigateway:us-east-1:sqs:path/1/a' },
      },
      /Main\/Integration: calls sqs without a role/,
    ],
    [
      'an HTTP integration without a method',
      { Integration: { IntegrationType: 'HTTP_PROXY', IntegrationUri: 'https://example.com' } },
      /has no IntegrationMethod; an integration of type HTTP_PROXY needs one, such as POST/,
    ],
    [
      'a function of another app',
      {
        Integration: {
          IntegrationUri:
            'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:x/invocations',
        },
      },
      /calls arn:aws:lambda:us-east-1:1:function:x, which is not a function of this app/,
    ],
    [
      'a target that is no function',
      { Integration: { IntegrationUri: 'https://example.com' } },
      /points to https:\/\/example\.com, which is not a Lambda function/,
    ],
    [
      'a timeout beyond the quota',
      { Integration: { TimeoutInMillis: 30_000 } },
      /TimeoutInMillis is 30000; API Gateway allows 50 to 29000/,
    ],
    [
      'a route without an integration',
      { Route: { Target: undefined } },
      /has no integration of this app \(its Target is missing\)/,
    ],
    ['a route key with a dollar sign', { Route: { RouteKey: '$other' } }, /RouteKey is "\$other"/],
    [
      'no selection expression',
      { Api: { RouteSelectionExpression: undefined } },
      /no RouteSelectionExpression/,
    ],
    ['no stage', { Stage: { ApiId: 'other' } }, /has no stage/],
    ['no routes', { Route: { ApiId: 'other' } }, /has no routes/],
    [
      'a stage that is never deployed',
      { Stage: { AutoDeploy: false } },
      /Nobody can connect to chat\. Main\/Stage: has neither AutoDeploy nor a deployment/,
    ],
    ["a stage's name", { Stage: { StageName: '$default' } }, /its name is "\$default"/],
    [
      'a missing permission',
      { Permission: { Principal: 'events.amazonaws.com' } },
      /Internal server error for \$default at Main\/Api\. Main\/Integration: API Gateway has no permission to invoke Main-Function-/,
    ],
    [
      'a permission for another route',
      { Permission: { SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:abc/*$connect' } },
      /Its permissions are for arn:aws:execute-api:us-east-1:000000000000:abc/,
    ],
    [
      'another runtime behind a route',
      { Function: { Runtime: 'ruby3.4' } },
      /Main\/Function .*ruby3\.4 is not supported/,
    ],
    [
      'code that is no asset',
      { Function: { Code: { S3Key: 'other.zip' } } },
      /code \(other\.zip\) is not among the assets/,
    ],
    [
      'a reserved variable',
      { Function: { Environment: { Variables: { AWS_REGION: 'x' } } } },
      /AWS_REGION, which Lambda reserves/,
    ],
    [
      'an environment beyond 4 KB',
      { Function: { Environment: { Variables: { A: 'x'.repeat(4097) } } } },
      /4098 bytes; Lambda allows 4096/,
    ],
  ])('refuses %s', (_, changes, message) => {
    const act = () => readTemplate(chatTemplateWith(changes));
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  });

  it.each<[string, Changes]>([
    ['a permission without a source', { Permission: { SourceArn: undefined } }],
    [
      'a permission for the whole API',
      {
        Permission: {
          SourceArn: { 'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*` },
        },
      },
    ],
    ['a permission by name', { Permission: { FunctionName: { Ref: 'Function' } } }],
    ['an explicit absence of authorization', { Route: { AuthorizationType: 'NONE', ApiKeyRequired: false } }],
    ['a deployment instead of AutoDeploy', { Stage: { AutoDeploy: false, DeploymentId: 'abc' } }],
    ['a shorter timeout', { Integration: { TimeoutInMillis: 50 } }],
  ])('accepts %s', (_, changes) => {
    expect(readTemplate(chatTemplateWith(changes)).apis).toHaveLength(1);
  });

  it('accepts a stage that a deployment defines', () => {
    const { Resources } = chatTemplateWith({ Stage: { AutoDeploy: false } });
    const deployment = (StageName: string) => ({
      Type: 'AWS::ApiGatewayV2::Deployment',
      Properties: { ApiId: { Ref: 'Api' }, StageName },
    });
    const read = (stageName: string) =>
      readTemplate({ Resources: { ...Resources, Deployment: deployment(stageName) } });
    expect(read('chat').apis[0]?.stages).toHaveLength(1);
    expect(() => read('beta')).toThrow(/Nobody can connect to chat/);
  });

  it('refuses two routes with the same key', () => {
    const { Resources } = chatTemplate();
    const template = { Resources: { ...Resources, Again: { ...Resources.Route } } } as unknown as Template;
    expect(() => readTemplate(template)).toThrow(/two routes with the key \$default/);
  });

  it('refuses two functions with the same name', () => {
    const named = chatTemplateWith({ Function: { FunctionName: 'chat' } });
    expect(() => readAssembly(writeAssembly({ One: named, Two: named }))).toThrow(
      /Two\/Function and One\/Function are both named chat/,
    );
  });

  it('refuses an app without a WebSocket API', () => {
    expect(() => readTemplate({ Resources: {} })).toThrow(/no WebSocket API .*Its stacks: Main/);
  });

  it('refuses circular dependencies, as CloudFormation does', () => {
    const { Resources } = chatTemplate();
    const template = {
      Resources: {
        ...Resources,
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            Policies: [
              { PolicyDocument: { Statement: [{ Resource: { 'Fn::GetAtt': ['Function', 'Arn'] } }] } },
            ],
          },
        },
      },
    } as unknown as Template;
    Object.assign(Resources.Function?.Properties ?? {}, { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } });
    expect(() => readTemplate(template)).toThrow(
      /circular dependency: Main\/Function -> Main\/Role -> Main\/Function/,
    );
  });

  it('reports errors of constructs, which prevent a deployment, and refuses them in strict mode', () => {
    const error = (data: string) => [{ type: 'aws:cdk:error', data }];
    const metadata = { '/Main/Api': error('Give it a name'), '/Main/Stage': error('Give it a name') };
    const { notRun } = readTemplate(chatTemplateWith({}), { metadata });
    expect(notRun.map(lossText)).toEqual([
      'The CDK would not deploy this app. Main/Api: and 1 more report Give it a name.',
    ]);
    const directory = writeAssembly({ Main: chatTemplateWith({}) }, { metadata });
    expect(() => readAssembly(directory, { isStrict: true })).toThrow(/Main\/Api: and 1 more report/);
  });

  it('reports that a folder is not a cloud assembly', () => {
    expect(() => readAssembly('/nowhere')).toThrow(
      '/nowhere is not a CDK cloud assembly: it has no manifest.json',
    );
  });
});
