import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { WebSocketIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { ConnectionTable } from '../../infra/connection-table';
import type { JwtOptions } from '../../infra/jwt-options';
import { WebSocketService, type WebSocketServiceProps } from '../../infra/websocket-service';
import { grants, statements } from './statements';

/** The constructs accept any folder as a bundle. */
let directory: string;
const before = process.cwd();
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'websocket-service-'));
  mkdirSync(join(directory, 'build/functions/chat'), { recursive: true });
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function synthesize(
  props: Partial<WebSocketServiceProps> = {},
  more: (chat: WebSocketService, stack: Stack) => void = () => {},
) {
  const stack = new Stack(new App({ outdir: join(directory, 'cdk.out') }), 'Stack');
  const connections = new ConnectionTable(stack, 'Connections');
  const chat = new WebSocketService(stack, 'Chat', { entry: 'functions/chat', connections, ...props });
  more(chat, stack);
  return Template.fromStack(stack);
}

/** A value of the template, joined as CloudFormation does. Parts that only AWS knows are `…`. */
function textOf(value: unknown): string {
  const parts: unknown[] = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1] ?? [value];
  const text = parts.map((part) => (typeof part === 'string' ? part : '…')).join('');
  return text.replace('….execute-api.….…/chat', '…');
}

describe('WebSocketService', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize({ allowedOrigins: ['https://a.example', 'https://b.example'] });
  });

  it('sends the three routes of its API to one function', () => {
    template.resourceCountIs('AWS::Lambda::Function', 2);
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET' });
    for (const RouteKey of ['$connect', '$default', '$disconnect']) {
      template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey, AuthorizationType: 'NONE' });
    }
  });

  it.each(['functions/chat/', './functions/chat'])('takes the entry %s', (entry) => {
    synthesize({ entry }).hasResourceProperties('AWS::ApiGatewayV2::Stage', { StageName: 'chat' });
  });

  it('names its stage after the service, and throttles it', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: 'chat',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
    });
  });

  it('runs on Node.js 24 and arm64, and keeps logs for a month', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('gives its functions the table, the URL to post to and the allowed origins', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          SERVICE_NAME: 'chat',
          CONNECTION_TABLE: { Ref: Match.stringLikeRegexp('^Connections') },
          CALLBACK_URL: Match.anyValue(),
          ALLOWED_ORIGINS: 'https://a.example,https://b.example',
        }),
      },
    });
  });

  it('stops the routes before API Gateway’s timeout, and gives server() longer than a handshake', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.routes', Timeout: 29 });
    template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.server', Timeout: 120 });
    expect(() => synthesize({ serverTimeout: Duration.seconds(30) })).toThrow(/is 30 seconds.*above 30/);
  });

  it('grants only the permissions that it needs', () => {
    const actions = new Set(statements(template).flatMap(({ Action }) => Action));
    expect([...actions].sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      'execute-api:ManageConnections',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    template.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('uses a wildcard only for the ids of its own connections', () => {
    for (const { Resource } of statements(template)) {
      for (const resource of [Resource].flat()) {
        const text = JSON.stringify(resource);
        if (text.includes('*')) expect(text).toMatch(/"\/chat\/(POST|GET|DELETE)\/@connections\/\*"/);
      }
    }
  });

  it('has metrics to set alarms on', () => {
    synthesize({ metrics: true }, (chat, stack) => {
      chat.metric('Failed').createAlarm(stack, 'Alarm', { threshold: 1, evaluationPeriods: 1 });
    }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...{ Namespace: 'SharedConnection', MetricName: 'Failed', Statistic: 'Sum' },
      Dimensions: [{ Name: 'service', Value: 'chat' }],
    });
  });

  it('sweeps every five minutes, or as often as configured', () => {
    const target = { Input: '{"type":"sweep"}', RetryPolicy: { MaximumRetryAttempts: 0 } };
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [Match.objectLike(target)],
    });
    synthesize({ sweepInterval: Duration.hours(1) }).hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
    });
  });

  it('prints the URL and the command to connect with', () => {
    const outputs = Object.values(template.findOutputs('*')).map(({ Value }) => JSON.stringify(Value));
    expect(outputs.some((value) => value.includes('"wss://"'))).toBe(true);
    expect(outputs.some((value) => value.includes('npx wscat -c wss://'))).toBe(true);
  });

  it.each<[JwtOptions['from'], string | undefined, string]>([
    ['subprotocol', undefined, 'wss://… -s bearer -s TOKEN'],
    ['subprotocol', 'jwt', 'wss://… -s jwt -s TOKEN'],
    ['header', undefined, "wss://… -H 'Authorization: Bearer TOKEN'"],
    ['cookie', 'session', "wss://… -H 'Cookie: session=TOKEN'"],
    ['query', undefined, "'wss://…?token=TOKEN'"],
    ['query', "t'$", "'wss://…?t%27%24=TOKEN'"],
    ['cookie', "it's", "wss://… -H 'Cookie: it'\\''s=TOKEN'"],
  ])('prints a command that sends the token of a %s (%s)', (from, name, sending) => {
    const jwt = { issuer: 'https://login.example', audience: 'chat', from, ...(name && { name }) };
    const outputs = Object.values(synthesize({ jwt }).findOutputs('*')).map(({ Value }) => textOf(Value));
    expect(outputs).toContain(`npx wscat -c ${sending}`);
  });

  it('works in a fresh account: without reserved concurrency, and without an access log unless requested', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', { AccessLogSettings: Match.absent() });
    const asked = synthesize({ accessLog: true, reservedConcurrentExecutions: 5 });
    asked.allResourcesProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: 5 });
    asked.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: { Format: Match.not(Match.stringLikeRegexp('querystring|header')) },
    });
  });

  it('limits the concurrency of the server function alone, if requested', () => {
    const bounded = synthesize({ serverConcurrency: 20 }).findResources('AWS::Lambda::Function', {
      Properties: { ReservedConcurrentExecutions: 20 },
    });
    expect(Object.values(bounded).map(({ Properties }) => Properties.Handler)).toEqual(['index.server']);
  });

  it('reports that a service was not bundled, and where its bundle is expected', () => {
    expect(() => synthesize({ entry: 'functions/echo' })).toThrow(
      /functions\/echo of .* has not been bundled: .*build\/functions\/echo.*bundleFunctions/,
    );
  });

  it('tells its functions the name of the session cookie, if configured', () => {
    const environments = (of: Template) =>
      Object.values(of.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.Environment.Variables.SESSION_COOKIE,
      );
    expect(environments(synthesize({ sessionCookie: '__Host-sid' }))).toEqual(['__Host-sid', '__Host-sid']);
    expect(environments(template)).toEqual([undefined, undefined]);
  });

  it.each(['', 'my sid', 'sid=', 'sid;'])('refuses a cookie called %j', (sessionCookie) => {
    expect(() => synthesize({ sessionCookie })).toThrow(/The sessionCookie .+ is not valid/);
  });

  it('refuses a name that no stage can have', () => {
    expect(() => synthesize({ serviceName: 'my chat' })).toThrow(/"my chat".*1 to 128 letters/);
  });

  it('puts any authorizer in front of $connect only', () => {
    const authorized = synthesize({ authorizer: new WebSocketIamAuthorizer() });
    const types = Object.values(authorized.findResources('AWS::ApiGatewayV2::Route')).map(
      ({ Properties: { RouteKey, AuthorizationType } }) => [RouteKey, AuthorizationType],
    );
    expect(Object.fromEntries(types)).toEqual({
      $connect: 'AWS_IAM',
      $default: 'NONE',
      $disconnect: 'NONE',
    });
  });

  it('tells its functions which JWTs to accept, even if AWS creates the issuer', () => {
    synthesize({
      jwt: {
        issuer: Fn.importValue('Issuer'),
        audience: ['chat', Fn.importValue('Client')],
        from: 'subprotocol',
      },
    }).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.routes',
      Environment: {
        Variables: Match.objectLike({
          JWT_ISSUER: { 'Fn::ImportValue': 'Issuer' },
          JWT_AUDIENCE: { 'Fn::Join': ['', ['chat,', { 'Fn::ImportValue': 'Client' }]] },
          JWT_FROM: 'subprotocol',
        }),
      },
    });
  });

  const jwt = { issuer: 'https://login.example', audience: 'chat', from: 'query' } as const;

  it.each<[Partial<WebSocketServiceProps>, RegExp]>([
    [{ jwt: { ...jwt, issuer: 'login.example' } }, /issuer must be an https URL, not "login.example"/],
    [{ jwt: { ...jwt, jwksUrl: 'http://login.example/keys' } }, /jwksUrl must be an https URL/],
    [{ jwt: { ...jwt, audience: [] } }, /names no audience/],
    [{ jwt: { ...jwt, audience: 'a,b' } }, /"a,b" contains a comma/],
    [{ jwt: { ...jwt, name: 'my token' } }, /name "my token"/],
    [{ jwt, authorizer: new WebSocketIamAuthorizer() }, /both an authorizer and a jwt/],
  ])('refuses %j', (props, message) => {
    expect(() => synthesize(props)).toThrow(message);
  });

  it('lets an app add to its API and stage', () => {
    synthesize({}, (chat, stack) => {
      expect(stack.resolve(chat.stage.api.apiId)).toEqual(stack.resolve(chat.api.apiId));
    });
  });

  describe('to a function of another service or app', () => {
    const granted = (grant: 'grantConnections' | 'grantPublish') =>
      synthesize({}, (chat, stack) => {
        const other = new LambdaFunction(stack, 'Other', {
          runtime: Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: Code.fromInline('exports.handler = async () => {}'),
        });
        chat[grant](other);
      });
    const manage = (method: string) =>
      `execute-api:ManageConnections arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:ChatApi/chat/${method}/@connections/*`;

    it.each(['grantConnections', 'grantPublish'] as const)('%s names the table', (grant) => {
      granted(grant).hasResourceProperties('AWS::Lambda::Function', {
        Handler: 'index.handler',
        Environment: { Variables: { CONNECTION_TABLE: { Ref: Match.stringLikeRegexp('^Connections') } } },
      });
    });

    it('refuses a second table, because the function would not open the connections of both', () => {
      const twice = (shared: boolean) => {
        synthesize({}, (chat, stack) => {
          const news = new WebSocketService(stack, 'News', {
            entry: 'functions/chat',
            serviceName: 'news',
            ...(shared && { connections: chat.connections }),
          });
          news.grantPublish(chat.functions.routes);
        });
      };
      expect(() => twice(true)).not.toThrow();
      expect(() => twice(false)).toThrow(
        /Stack\/Chat\/Functions\/Routes already uses the connections of Stack\/Connections.*Create one ConnectionTable/,
      );
    });

    it('grantConnections lets it open, post to, read, close and clean up connections', () => {
      expect(grants(granted('grantConnections'), '^Other')).toEqual([
        'dynamodb:DeleteItem ConnectionsTable',
        'dynamodb:GetItem ConnectionsTable',
        'dynamodb:PutItem ConnectionsTable',
        'dynamodb:Query ConnectionsTable',
        'dynamodb:UpdateItem ConnectionsTable',
        manage('DELETE'),
        manage('GET'),
        manage('POST'),
        'lambda:InvokeFunction ChatFunctionsServer',
      ]);
    });

    it('grantPublish lets it post to everyone and clean up departed connections, and change nothing but its deliveries', () => {
      const template = granted('grantPublish');
      expect(grants(template, '^Other')).toEqual([
        'dynamodb:GetItem ConnectionsTable',
        'dynamodb:PutItem ConnectionsTable',
        'dynamodb:Query ConnectionsTable',
        'dynamodb:UpdateItem ConnectionsTable',
        manage('POST'),
        'lambda:InvokeFunction ChatFunctionsServer',
      ]);
      template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
              Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['DELIVERY#*'] } },
            }),
          ]),
        },
        PolicyName: Match.stringLikeRegexp('^Other'),
      });
    });

    it('makes it measure what it publishes if the service has metrics', () => {
      const measured = (metrics: boolean) =>
        synthesize({ metrics }, (chat, stack) =>
          chat.grantPublish(
            new LambdaFunction(stack, 'Other', {
              ...{ runtime: Runtime.NODEJS_24_X, handler: 'index.handler' },
              code: Code.fromInline('exports.handler = async () => {}'),
            }),
          ),
        ).findResources('AWS::Lambda::Function');
      const settings = (metrics: boolean) =>
        Object.values(measured(metrics)).map(
          ({ Properties }) => Properties.Environment.Variables.CONNECTION_METRICS,
        );
      expect(settings(true)).toEqual(['true', 'true', 'true']);
      expect(settings(false)).toEqual([undefined, undefined, undefined]);
    });
  });
});

describe('Two services', () => {
  const both = (shared: boolean) => {
    const stack = new Stack(new App({ outdir: join(directory, 'cdk.out') }), 'Stack');
    const connections = shared && { connections: new ConnectionTable(stack, 'Connections') };
    for (const id of ['Chat', 'News']) {
      new WebSocketService(stack, id, { entry: 'functions/chat', serviceName: id, ...connections });
    }
    return Template.fromStack(stack);
  };
  const tables = (template: Template, role: string) =>
    new Set(
      grants(template, role)
        .filter((grant) => grant.startsWith('dynamodb:'))
        .map((grant) => grant.split(' ')[1]),
    );

  it('have a table each, which the other cannot write to', () => {
    const template = both(false);
    expect(tables(template, '^ChatFunctions')).toEqual(new Set(['ChatConnectionsTable']));
    expect(tables(template, '^NewsFunctions')).toEqual(new Set(['NewsConnectionsTable']));
  });

  it('share a table if they are given one', () => {
    expect(tables(both(true), '^NewsFunctions')).toEqual(new Set(['ConnectionsTable']));
  });
});
