import { lossLines, lossText } from '../../../local/assembly/losses';
import { readAssembly } from '../../../local/assembly/read-assembly';
import type { JsonObject } from '../../../local/assembly/values/json';
import { UserError } from '../../../local/user-error';
import { chatTemplate, readTemplate, type Template, writeAssembly } from './written-assembly';

/** The chat with more routes. Each has its own integration, or uses that of the chat. */
function chatWithRoutes(routes: Record<string, { target?: string; properties?: JsonObject }>): Template {
  const { Resources } = chatTemplate();
  for (const [key, { target = 'Integration', properties = {} }] of Object.entries(routes)) {
    Resources[`Route${key.replace('$', '')}`] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: key,
        Target: { 'Fn::Sub': `integrations/\${${target}}` },
        ...properties,
      },
    };
  }
  Resources.Backend = {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: { ApiId: { Ref: 'Api' }, IntegrationType: 'HTTP', ConnectionType: 'VPC_LINK' },
  };
  return { Resources } as unknown as Template;
}

function losses(template: Template): string[] {
  return readTemplate(template)
    .notRun.filter(({ cost }) => cost !== undefined)
    .map(lossText);
}

function allowing(source: string): Template {
  const template = chatWithRoutes({ $connect: {}, $disconnect: {} });
  const permission = template.Resources?.Permission as { Properties: JsonObject };
  permission.Properties.SourceArn = {
    'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/${source}`,
  };
  return template;
}

describe('An unsupported resource', () => {
  it('disables the routes that depend on it, with one line and a remedy', () => {
    expect(losses(chatWithRoutes({ ping: { target: 'Backend' }, pong: { target: 'Backend' } }))).toEqual([
      'Internal server error for ping, pong at Main/Api. Main/Backend: goes through a VPC link, which the runtime does not support; to run this locally, use an integration without ConnectionType VPC_LINK.',
    ]);
  });

  it('disables every handshake if it is the integration of $connect, but no other API', () => {
    const Main = chatWithRoutes({ $connect: { target: 'Backend' } });
    const Other = chatTemplate() as unknown as Template;
    const { apis, notRun } = readAssembly(writeAssembly({ Main, Other }));
    expect(apis).toHaveLength(2);
    expect(notRun.map(lossText)).toEqual([
      'Every handshake at Main/Api gets 500. Main/Backend: goes through a VPC link, which the runtime does not support; to run this locally, use an integration without ConnectionType VPC_LINK.',
    ]);
  });

  it('is one line if several routes need the same function', () => {
    const template = chatWithRoutes({
      ping: { target: 'PythonIntegration' },
      $disconnect: { target: 'PythonIntegration' },
    });
    const { Integration } = chatTemplate().Resources;
    const uri = Integration?.Properties.IntegrationUri as { 'Fn::Sub': string };
    template.Resources = {
      ...template.Resources,
      Python: {
        Type: 'AWS::Lambda::Function',
        Properties: { PackageType: 'Image', Code: { ImageUri: 'x' } },
      },
      PythonIntegration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ...Integration?.Properties,
          IntegrationUri: { 'Fn::Sub': uri['Fn::Sub'].replace('Function.Arn', 'Python.Arn') },
        },
      },
    };
    expect(losses(template)).toEqual([
      expect.stringMatching(
        /^\$disconnect never runs at Main\/Api; Internal server error for ping at Main\/Api\. Main\/Python .*is a container image, and the runtime does not use Docker\. To run it here, define it with Code\.fromAsset/,
      ),
    ]);
  });

  it('is reported with the routes for which an integration on three routes has no permission', () => {
    expect(losses(allowing('*$connect'))).toEqual([
      expect.stringMatching(
        /^\$disconnect never runs at Main\/Api; Internal server error for \$default at Main\/Api\. Main\/Integration: API Gateway has no permission to invoke Main-Function-\S+ there\. Its permissions are for arn:aws:execute-api:us-east-1:000000000000:\S+\/\*\$connect\. Give each route a WebSocketLambdaIntegration of its own/,
      ),
    ]);
  });

  it('does not affect the stage that has the permission', () => {
    const template = allowing('chat/*');
    template.Resources = {
      ...template.Resources,
      Beta: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: 'beta', AutoDeploy: true },
      },
    };
    const { apis, notRun } = readTemplate(template);
    const [route] = apis[0]?.routes ?? [];
    expect([route?.integration.type, route?.integrationsByStage?.beta?.type]).toEqual([
      'AWS_PROXY',
      'NOT_RUN',
    ]);
    expect(notRun[0]?.cost).toContain('Internal server error for $default at Main/Api (stage beta)');
  });

  it('is reported with the routes of an API that the app imports', () => {
    const template = chatWithRoutes({ ping: { properties: { ApiId: 'imported' } } });
    expect(losses(template)).toEqual([
      'The route ping is not served. Main/Routeping: belongs to the API imported, which is not part of this app.',
    ]);
  });

  it('is in one line with all others that have the same reason', () => {
    const reason = 'needs an authorizer, which is not run';
    const loss = (path: string, cost: string) => ({ type: 'route', path, reason, cost });
    expect(
      lossLines([loss('Main/A/Resource', 'an error for GET /a'), loss('Main/B', 'an error for GET /b')]),
    ).toEqual([
      '  An error for GET /a; an error for GET /b. Main/A and 1 more: needs an authorizer, which is not run.',
    ]);
  });

  it('has one line for functions that need the same, each of which names itself', () => {
    const loss = (path: string, cost: string) => ({
      ...{ type: 'route', path, cost },
      reason: `${path} (AWS::Lambda::Function): the runtime python3.12 needs a client`,
    });
    expect(
      lossLines([loss('Main/A/Resource', 'every handshake gets 500'), loss('Main/B/Resource', 'x')]),
    ).toEqual(['  Every handshake gets 500; x. Main/A and 1 more: the runtime python3.12 needs a client.']);
  });

  it('makes the start fail if nothing is left to run, with all reasons', () => {
    const template = chatWithRoutes({ $connect: { target: 'Backend' } });
    expect(() => readTemplate(template)).toThrow(
      /^No part of this app can run on this machine:\n {2}Every handshake at Main\/Api gets 500\. /,
    );
  });

  it('includes unsupported functions that no route needs if nothing is left to run', () => {
    const template = chatWithRoutes({ $connect: { target: 'Backend' } });
    template.Resources = {
      ...template.Resources,
      Worker: { Type: 'AWS::Lambda::Function', Properties: { Runtime: 'java21', Handler: 'app.Main' } },
    };
    expect(() => readTemplate(template)).toThrow(
      /\n {2}Main\/Worker \(AWS::Lambda::Function\): the runtime java21 is not/,
    );
  });

  it('makes the start fail in strict mode', () => {
    const directory = writeAssembly({ Main: chatWithRoutes({ ping: { target: 'Backend' } }) });
    const act = () => readAssembly(directory, { isStrict: true });
    expect(act).toThrow(UserError);
    expect(act).toThrow(/--strict refuses this app.*:\n {2}Internal server error for ping/);
  });
});
