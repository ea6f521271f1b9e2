import type { Authorizer } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';
import type { JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplate, type Template, writeAssembly } from '../written-assembly';

const ARN = `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}`;
const invocations = {
  'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Function.Arn}/invocations`,
};
const permission = (SourceArn: JsonObject, more: JsonObject = {}) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    ...{ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' },
    ...{ FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] }, SourceArn },
    ...more,
  },
});
const ofAuthorizer = permission({ 'Fn::Sub': `${ARN}/authorizers/\${Authorizer}` });
const role = (service: string, Action: string) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
    },
    Policies: [
      {
        PolicyName: 'p',
        PolicyDocument: {
          Statement: [{ Effect: 'Allow', Action, Resource: { 'Fn::GetAtt': ['Function', 'Arn'] } }],
        },
      },
    ],
  },
});

/** The authorizer of the chat's handshakes. */
function authorizerWith(
  properties: JsonObject,
  more: Record<string, JsonObject> = {},
): Authorizer | undefined {
  const { Resources } = chatTemplate();
  const Authorizer = {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ...{ ApiId: { Ref: 'Api' }, Name: 'Guard', AuthorizerType: 'REQUEST', AuthorizerUri: invocations },
      ...properties,
    },
  };
  const Connect = {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ...{ ...Resources.Route?.Properties, RouteKey: '$connect' },
      ...{ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Authorizer' } },
    },
  };
  const template = { Resources: { ...Resources, Authorizer, Connect, ...more } } as unknown as Template;
  // Another API, so that the app can start.
  const Other = chatTemplate() as unknown as Template;
  const { apis } = readAssembly(writeAssembly({ Main: template, Other }));
  return apis.flatMap(({ routes }) => routes).find(({ routeKey }) => routeKey === '$connect')?.authorizer;
}

describe('The authorizer of handshakes', () => {
  it.each<[string, JsonObject, Record<string, JsonObject>]>([
    ['the permission for it', {}, { Permitted: ofAuthorizer }],
    ['a permission for the whole API', {}, { Permitted: permission({ 'Fn::Sub': `${ARN}/*` }) }],
    [
      'a role that may',
      { AuthorizerCredentialsArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      { Role: role('apigateway.amazonaws.com', 'lambda:InvokeFunction') },
    ],
  ])('runs its function as %s', (_, properties, more) => {
    expect(authorizerWith(properties, more)).toMatchObject({ type: 'REQUEST', identitySources: [] });
  });

  it.each<[string, JsonObject, Record<string, JsonObject>, RegExp]>([
    ['without a permission', {}, {}, /API Gateway has no permission to invoke the authorizer's function/],
    [
      'with a permission for routes alone',
      {},
      { Permitted: permission({ 'Fn::Sub': `${ARN}/*$connect` }) },
      /API Gateway has no permission to invoke the authorizer's function/,
    ],
    [
      'with a permission for calls by a URL',
      {},
      { Permitted: permission({ 'Fn::Sub': `${ARN}/*` }, { Principal: '*', InvokedViaFunctionUrl: true }) },
      /API Gateway has no permission to invoke the authorizer's function/,
    ],
    [
      'with a role that may not',
      { AuthorizerCredentialsArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      { Role: role('apigateway.amazonaws.com', 'lambda:GetFunction') },
      /whose policies do not allow lambda:InvokeFunction/,
    ],
    [
      'with a role of another service',
      { AuthorizerCredentialsArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      { Role: role('events.amazonaws.com', 'lambda:InvokeFunction') },
      /which apigateway\.amazonaws\.com may not assume/,
    ],
    [
      'of type JWT',
      { AuthorizerType: 'JWT' },
      { Permitted: ofAuthorizer },
      /WebSocket APIs support only REQUEST/,
    ],
  ])('does not run %s, so that handshakes get 500', (_, properties, more, reason) => {
    expect(authorizerWith(properties, more)).toMatchObject({
      type: 'NOT_RUN',
      reason: expect.stringMatching(reason),
    });
  });

  it('is refused with an invalid identity source', () => {
    const IdentitySource = ['method.request.header.Authorization'];
    expect(() => authorizerWith({ IdentitySource }, { Permitted: ofAuthorizer })).toThrow(
      /its identity source is "method\.request\.header\.Authorization"; AWS allows route\.request\.header\.NAME/,
    );
  });
});
