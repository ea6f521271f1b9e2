import type { JsonObject } from '../../../../local/assembly/values/json';
import { UserError } from '../../../../local/user-error';
import { chatTemplate, readTemplate, type Template } from '../written-assembly';

/** The chat with other properties, and with more resources. */
function chat(changes: Record<string, JsonObject>, more: Record<string, JsonObject> = {}) {
  const { Resources } = chatTemplate();
  for (const [logicalId, properties] of Object.entries(changes)) {
    Object.assign(Resources[logicalId]?.Properties ?? {}, properties);
  }
  const app = readTemplate({ Resources: { ...Resources, ...more } } as unknown as Template);
  return { api: app.apis[0], notRun: app.notRun };
}

const model = (properties: JsonObject = {}) => ({
  Model: {
    Type: 'AWS::ApiGatewayV2::Model',
    Properties: { ApiId: { Ref: 'Api' }, Name: 'Chat', Schema: { type: 'object' }, ...properties },
  },
});

describe('The models of a route', () => {
  const Route = { ModelSelectionExpression: '$request.body.kind', RequestModels: { chat: 'Chat' } };

  it('are read by their names, as objects or as JSON', () => {
    for (const Schema of [{ type: 'object' }, '{"type":"object"}']) {
      const { api, notRun } = chat({ Route }, model({ Schema }));
      expect(api?.routes[0]?.validation).toEqual({
        selectionExpression: '$request.body.kind',
        models: { chat: { path: 'Main/Model', schema: { type: 'object' } } },
      });
      expect(notRun).toEqual([]);
    }
  });

  it('are ignored without a selection expression', () => {
    const { RequestModels } = Route;
    expect(chat({ Route: { RequestModels } }, model()).api?.routes[0]).not.toHaveProperty('validation');
  });

  it.each<[string, JsonObject, RegExp]>([
    ['another name', { Name: 'Other' }, /the API has no AWS::ApiGatewayV2::Model of that name/],
    ['another API', { ApiId: 'other' }, /the API has no AWS::ApiGatewayV2::Model of that name/],
    ['a schema that is no object', { Schema: 'text' }, /its Schema must be a JSON object/],
  ])('are refused with %s', (_, properties, message) => {
    const act = () => chat({ Route }, model(properties));
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  });
});

describe('A stage', () => {
  it('has the throttling and the access log of its settings', () => {
    const { api, notRun } = chat({
      Stage: {
        DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: '50' },
        RouteSettings: { $default: { ThrottlingBurstLimit: 5 }, $connect: { LoggingLevel: 'INFO' } },
        AccessLogSettings: {
          DestinationArn: 'arn:aws:logs:us-east-1:1:log-group:a',
          Format: '$context.status',
        },
      },
    });
    expect(api?.stages[0]).toMatchObject({
      throttling: { stage: { perSecond: 100, burst: 50 }, byRoute: { $default: { burst: 5 } } },
      accessLogFormat: '$context.status',
    });
    expect(notRun).toEqual([]);
  });

  it('may have a format of at most 3 KB for its access log', () => {
    const withFormat = (length: number) => () =>
      chat({
        Stage: {
          AccessLogSettings: {
            DestinationArn: 'arn:aws:logs:us-east-1:1:log-group:a',
            Format: 'x'.repeat(length),
          },
        },
      });
    expect(withFormat(3_072)).not.toThrow();
    expect(withFormat(3_073)).toThrow(/its access log format has 3073 bytes; API Gateway allows 3072/);
  });

  it('has neither without them', () => {
    const [stage] = chat({ Stage: { DefaultRouteSettings: { LoggingLevel: 'INFO' } } }).api?.stages ?? [];
    expect(Object.keys(stage ?? {})).toEqual(['path', 'stageName', 'variables']);
  });
});

describe('API keys', () => {
  const planAndKeys = (plan: JsonObject = {}): Record<string, JsonObject> => ({
    Key: { Type: 'AWS::ApiGateway::ApiKey', Properties: { Enabled: true, Value: 'abcdefghijklmnopqrst' } },
    Spare: { Type: 'AWS::ApiGateway::ApiKey', Properties: {} },
    Plan: {
      Type: 'AWS::ApiGateway::UsagePlan',
      Properties: { ApiStages: [{ ApiId: { Ref: 'Api' }, Stage: { Ref: 'Stage' } }], ...plan },
    },
    PlanKey: {
      Type: 'AWS::ApiGateway::UsagePlanKey',
      Properties: { KeyId: { Ref: 'Key' }, KeyType: 'API_KEY', UsagePlanId: { Ref: 'Plan' } },
    },
  });
  const required = { Route: { ApiKeyRequired: true } };

  it('are read with their plans; a missing value is generated', () => {
    const { api, notRun } = chat(
      required,
      planAndKeys({
        Throttle: { RateLimit: 10, BurstLimit: 20 },
        Quota: { Limit: 1000, Period: 'MONTH', Offset: 2 },
      }),
    );
    expect(api?.routes[0]?.apiKeyRequired).toBe(true);
    expect(api?.apiKeys).toEqual({
      source: 'header',
      keys: [
        {
          path: 'Main/Key',
          id: expect.stringMatching(/^[a-z0-9]{10}$/),
          value: 'abcdefghijklmnopqrst',
          isEnabled: true,
          plans: [
            {
              path: 'Main/Plan',
              id: expect.any(String),
              stageNames: ['chat'],
              throttle: { perSecond: 10, burst: 20 },
              quota: { limit: 1000, period: 'MONTH', offsetDays: 2 },
            },
          ],
        },
        {
          path: 'Main/Spare',
          id: expect.any(String),
          value: expect.stringMatching(/^[a-z0-9]{40}$/),
          isGenerated: true,
          isEnabled: false,
          plans: [],
        },
      ],
    });
    expect(notRun).toEqual([]);
  });

  it('can come from the authorizer', () => {
    const Api = { ApiKeySelectionExpression: '$context.authorizer.usageIdentifierKey' };
    expect(chat({ ...required, Api }).api?.apiKeys).toEqual({ source: 'authorizer', keys: [] });
  });

  it.each<[string, Record<string, JsonObject>, JsonObject, RegExp]>([
    [
      'another selection',
      { Api: { ApiKeySelectionExpression: '$request.header.key' } },
      {},
      /its ApiKeySelectionExpression is \$request\.header\.key; AWS allows/,
    ],
    [
      'another period',
      {},
      { Quota: { Limit: 1, Period: 'YEAR' } },
      /has the Period YEAR; AWS allows DAY, WEEK, MONTH/,
    ],
  ])('are refused with %s', (_, changes, plan, message) => {
    const act = () => chat({ ...required, ...changes }, planAndKeys(plan));
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  });
});
