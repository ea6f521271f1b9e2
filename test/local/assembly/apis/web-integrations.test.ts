import type { Integration, Route } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';
import type { JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplate, type Template, writeAssembly } from '../written-assembly';

/** The route `$connect` of the chat, with this integration. */
function connectRoute(
  properties: JsonObject,
  { route = {}, more = {} }: { route?: JsonObject; more?: Record<string, JsonObject> } = {},
): Route | undefined {
  const { Resources } = chatTemplate();
  const template = {
    Resources: {
      ...Resources,
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ...Resources.Stage?.Properties, StageVariables: { host: 'example.com' } },
      },
      Backend: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: { ApiId: { Ref: 'Api' }, ...properties },
      },
      Connect: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId: { Ref: 'Api' },
          RouteKey: '$connect',
          Target: { 'Fn::Sub': `integrations/\${Backend}` },
          ...route,
        },
      },
      ...more,
    },
  } as unknown as Template;
  // Another API, so that the app can start.
  const Other = chatTemplate() as unknown as Template;
  const { apis } = readAssembly(writeAssembly({ Main: template, Other }));
  return apis[0]?.routes.find(({ routeKey }) => routeKey === '$connect');
}

const integrationOf = (properties: JsonObject): Integration | undefined =>
  connectRoute(properties)?.integration;

const HTTP = { IntegrationType: 'HTTP', IntegrationUri: 'https://example.com/a', IntegrationMethod: 'POST' };

describe('An HTTP integration', () => {
  it('is read with its templates, parameters, responses and timeout', () => {
    const more = {
      Response: {
        Type: 'AWS::ApiGatewayV2::IntegrationResponse',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationId: { Ref: 'Backend' },
          IntegrationResponseKey: '/4\\d\\d/',
          ContentHandlingStrategy: 'CONVERT_TO_TEXT',
        },
      },
    };
    const properties = {
      ...HTTP,
      TimeoutInMillis: 900,
      ContentHandlingStrategy: 'CONVERT_TO_BINARY',
      RequestTemplates: { $default: 'x' },
      RequestParameters: { 'integration.request.header.A': 'context.stage' },
    };
    expect(connectRoute(properties, { more })?.integration).toEqual({
      type: 'HTTP',
      path: 'Main/Backend',
      url: 'https://example.com/a',
      method: 'POST',
      timeoutMillis: 900,
      contentHandling: 'CONVERT_TO_BINARY',
      request: { templates: { $default: 'x' } },
      parameters: { 'integration.request.header.A': 'context.stage' },
      passthrough: 'WHEN_NO_MATCH',
      responses: [{ key: '/4\\d\\d/', templates: {}, contentHandling: 'CONVERT_TO_TEXT' }],
    });
  });

  it('has the variables of its stage in its URL', () => {
    const IntegrationUri = `http://\${stageVariables.host}/{room}`;
    expect(integrationOf({ ...HTTP, IntegrationUri })).toMatchObject({ url: 'http://example.com/{room}' });
  });

  it.each<[string, JsonObject, RegExp]>([
    ['a VPC link', { ConnectionType: 'VPC_LINK', ConnectionId: 'v' }, /^goes through a VPC link/],
    ['another scheme', { IntegrationUri: 'ftp://example.com' }, /its IntegrationUri is ftp:/],
    [
      'a mapping template of more than 300 KB',
      { IntegrationType: 'HTTP', RequestTemplates: { a: 'x'.repeat(307_201) } },
      /its mapping template a has 307201 bytes; API Gateway allows 307200/,
    ],
    ['a content handling of its own', { ContentHandlingStrategy: 'X' }, /its ContentHandlingStrategy is X;/],
  ])('is listed as not supported if it has %s', (_, changes, reason) => {
    expect(integrationOf({ ...HTTP, ...changes })).toMatchObject({
      type: 'NOT_RUN',
      reason: expect.stringMatching(reason),
    });
  });
});

describe('An integration of type AWS', () => {
  const toFunction = {
    IntegrationType: 'AWS',
    IntegrationMethod: 'POST',
    IntegrationUri: {
      'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Function.Arn}/invocations`,
    },
    RequestTemplates: { $default: '{}' },
  };

  it('runs a function with templates', () => {
    const more = {
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
        },
      },
    };
    expect(connectRoute(toFunction, { more })?.integration).toMatchObject({
      type: 'AWS_LAMBDA',
      functionName: expect.stringMatching(/^Main-Function-/),
      request: { templates: { $default: '{}' } },
      timeoutMillis: 29_000,
    });
  });

  it('cannot run a function without a permission', () => {
    expect(integrationOf(toFunction)).toMatchObject({
      type: 'NOT_RUN',
      reason: expect.stringMatching(/^API Gateway .*invoke Main-Function-/),
    });
  });

  it('is listed as not supported if it starts an execution of Step Functions', () => {
    const IntegrationUri = 'arn:aws:apigateway:us-east-1:states:action/StartExecution';
    expect(
      integrationOf({ IntegrationType: 'AWS', IntegrationUri, CredentialsArn: 'arn:aws:iam::1:role/r' }),
    ).toEqual({
      type: 'NOT_RUN',
      path: 'Main/Backend',
      reason:
        'calls states, which the runtime does not support for integrations of type AWS; it supports dynamodb, events, s3, sns, sqs',
    });
  });
});

describe('A route', () => {
  it('has the request parameters of its definition', () => {
    const RequestParameters = {
      'route.request.querystring.room': { Required: true },
      'route.request.header.X': { Required: false },
    };
    expect(connectRoute(HTTP, { route: { RequestParameters } })?.parameters).toEqual({
      'route.request.querystring.room': { isRequired: true },
      'route.request.header.X': { isRequired: false },
    });
  });
});
