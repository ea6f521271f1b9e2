import type { Integration } from '../../../../local/assembly/model';
import type { JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplate, readTemplate, type Template } from '../written-assembly';

type Changes = Record<string, JsonObject>;

const INVOKE = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*' };

/** The chat with other properties, and with more resources. */
function integration(changes: Changes, more: Record<string, JsonObject> = {}): Integration | undefined {
  const { Resources } = chatTemplate();
  for (const [logicalId, properties] of Object.entries(changes))
    Object.assign(Resources[logicalId]?.Properties ?? {}, properties);
  // A route that works, so that the app can start.
  const Spare = {
    ...Resources.Route?.Properties,
    RouteKey: 'spare',
    Target: { 'Fn::Sub': `integrations/\${Whole}` },
  };
  const { Whole, Free } = {
    Whole: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: chatTemplate().Resources.Integration?.Properties,
    },
    Free: {
      Type: 'AWS::Lambda::Permission',
      Properties: { ...chatTemplate().Resources.Permission?.Properties },
    },
  };
  (Free.Properties.SourceArn as JsonObject)['Fn::Sub'] =
    `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/spare`;
  const template = {
    Resources: {
      ...Resources,
      Whole,
      Free,
      Spare: { Type: 'AWS::ApiGatewayV2::Route', Properties: Spare },
      ...more,
    },
  } as unknown as Template;
  const app = readTemplate(template);
  return app.apis[0]?.routes.find(({ routeKey }) => routeKey === '$default')?.integration;
}

function role(properties: JsonObject, service = 'apigateway.amazonaws.com'): Record<string, JsonObject> {
  return {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
        },
        ...properties,
      },
    },
  };
}

describe('A Lambda integration', () => {
  it.each<[string, JsonObject]>([
    ['in another case', { Action: 'lambda:invokeFunction' }],
    ['for all of Lambda', { Action: 'lambda:*' }],
    ['for everything', { Action: '*' }],
    ['for every service', { Principal: '*' }],
    [
      'with a wildcard for the stage',
      { SourceArn: { 'Fn::Sub': `arn:aws:execute-api:*:*:\${Api}/*/$default` } },
    ],
    [
      'with a wildcard for a character',
      { SourceArn: { 'Fn::Sub': `arn:aws:execute-api:*:*:\${Api}/cha?/$default` } },
    ],
  ])('accepts a permission %s', (_, properties) => {
    expect(integration({ Permission: properties })?.type).toBe('AWS_PROXY');
  });

  it.each<[string, JsonObject]>([
    ['of another action', { Action: 'lambda:GetFunction' }],
    ['of another account', { SourceAccount: '111111111111' }],
    ['of another API', { SourceArn: 'arn:aws:execute-api:*:*:other/*' }],
  ])('accepts no permission %s', (_, properties) => {
    expect(integration({ Permission: properties })?.type).toBe('NOT_RUN');
  });

  it('needs a permission for the alias that it calls', () => {
    const uri = (target: string) => ({
      'Fn::Sub': `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/\${${target}}/invocations`,
    });
    const more = {
      Live: {
        Type: 'AWS::Lambda::Alias',
        Properties: { FunctionName: { Ref: 'Function' }, FunctionVersion: '1', Name: 'live' },
      },
    };
    const Integration = { IntegrationUri: uri('Live') };
    expect(integration({ Integration }, more)?.type).toBe('NOT_RUN');
    const Permission = { FunctionName: { Ref: 'Live' } };
    expect(integration({ Integration, Permission }, more)).toMatchObject({
      type: 'AWS_PROXY',
      functionName: expect.stringMatching(/^Main-Function-[A-Z0-9]+$/),
      qualifier: 'live',
    });
  });

  it("finds the alias in the stage's variables", () => {
    const uri = {
      'Fn::Sub': `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/\${Function.Arn}:\${!stageVariables.alias}/invocations`,
    };
    const changes = {
      Integration: { IntegrationUri: uri },
      Stage: { StageVariables: { alias: 'blue' } },
      Permission: { FunctionName: { 'Fn::Sub': `\${Function.Arn}:blue` } },
    };
    const Blue = {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Function' }, FunctionVersion: '$LATEST', Name: 'blue' },
    };
    expect(integration(changes, { Blue })).toMatchObject({ type: 'AWS_PROXY', qualifier: 'blue' });
    expect(integration(changes)).toMatchObject({
      type: 'NOT_RUN',
      reason: expect.stringContaining('no alias or version blue'),
    });
  });

  it('also runs with content handling and its own timeout', () => {
    const Integration = { ContentHandlingStrategy: 'CONVERT_TO_TEXT', TimeoutInMillis: 10_000 };
    expect(integration({ Integration })).toMatchObject({ type: 'AWS_PROXY', timeoutMillis: 10_000 });
  });

  describe('with credentials', () => {
    const changes = {
      Integration: { CredentialsArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      Permission: { Principal: 'events.amazonaws.com' },
    };
    const inline = (...Statement: JsonObject[]) => ({ Policies: [{ PolicyDocument: { Statement } }] });

    it.each<[string, Record<string, JsonObject>]>([
      ['an inline policy', role(inline(INVOKE))],
      ['a policy in another case', role(inline({ ...INVOKE, Action: ['LAMBDA:Invoke*'] }))],
      [
        'a policy for the function',
        role(inline({ ...INVOKE, Resource: 'arn:aws:lambda:*:*:function:Main-Function-*' })),
      ],
      [
        "AWS's own policy",
        role({ ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaRole'] }),
      ],
      [
        'an attached policy',
        {
          ...role({}),
          Policy: {
            Type: 'AWS::IAM::Policy',
            Properties: { PolicyDocument: { Statement: [INVOKE] }, Roles: [{ Ref: 'Role' }] },
          },
        },
      ],
      [
        'a managed policy of the app',
        {
          ...role({ ManagedPolicyArns: [{ Ref: 'Managed' }] }),
          Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: { Statement: INVOKE } } },
        },
      ],
    ])('needs no permission of the function: %s', (_, more) => {
      expect(integration(changes, more)?.type).toBe('AWS_PROXY');
    });

    it('trusts a role of another app', () => {
      const Integration = { CredentialsArn: 'arn:aws:iam::000000000000:role/elsewhere' };
      expect(integration({ ...changes, Integration })?.type).toBe('AWS_PROXY');
    });

    it.each<[string, RegExp, Record<string, JsonObject>]>([
      ['no policy', /whose policies do not allow lambda:InvokeFunction/, role({})],
      [
        'a policy for another function',
        /do not allow/,
        role(inline({ ...INVOKE, Resource: 'arn:aws:lambda:*:*:function:x' })),
      ],
      [
        'a policy for another region',
        /do not allow/,
        role(inline({ ...INVOKE, Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-south-1' } } })),
      ],
      [
        'a permissions boundary without the action',
        /do not allow/,
        role({
          ...inline(INVOKE),
          PermissionsBoundary: 'arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess',
        }),
      ],
      ['a policy that denies', /do not allow/, role(inline(INVOKE, { ...INVOKE, Effect: 'Deny' }))],
      ['another service in its trust', /may not assume/, role(inline(INVOKE), 'lambda.amazonaws.com')],
    ])('does not run with %s as its role', (_, reason, more) => {
      expect(integration(changes, more)).toMatchObject({
        type: 'NOT_RUN',
        reason: expect.stringMatching(reason),
      });
    });
  });
});
