import type { ApiKey, ApiKeySettings, UsagePlan } from '../../../local/assembly/model';
import { gateways, OK } from './running-gateway';

const start = gateways();

const plan: UsagePlan = { path: 'Stack/Plan', id: 'p1', stageNames: ['chat'] };
const key: ApiKey = { path: 'Stack/Key', id: 'k1', value: 'secret-key-1', isEnabled: true, plans: [plan] };
const DAY_MILLIS = 24 * 60 * 60_000;

describe('An API key on $connect', () => {
  const gatewayWith = (keys: ApiKey[], more: Partial<Parameters<typeof start>[0]> = {}) =>
    start({
      routes: { $connect: OK, $default: OK, $disconnect: OK },
      more: { $connect: { apiKeyRequired: true } },
      apiKeys: { source: 'header', keys },
      ...more,
    });
  const withKey = (value: string) => ({ headers: { 'X-Api-Key': value } });

  it('opens a connection, and is in the identity of every event', async () => {
    const gateway = await gatewayWith([key]);
    const client = await gateway.connect('/chat', withKey('secret-key-1'));
    const message = gateway.functions.next('MESSAGE');
    client.send('x');
    await message;
    const disconnect = gateway.functions.next('DISCONNECT');
    client.ws.close();
    await disconnect;
    expect(gateway.functions.events.map(({ requestContext }) => requestContext.identity)).toEqual(
      Array.from({ length: 3 }, () => ({ apiKey: 'secret-key-1', apiKeyId: 'k1', sourceIp: '127.0.0.1' })),
    );
  });

  it.each<[string, ApiKey[], string | undefined]>([
    ['missing', [key], undefined],
    ['empty', [key], ''],
    ['unknown', [key], 'secret-key-2'],
    ['disabled', [{ ...key, isEnabled: false }], 'secret-key-1'],
    ['without a plan', [{ ...key, plans: [] }], 'secret-key-1'],
    ['for another stage', [{ ...key, plans: [{ ...plan, stageNames: ['other'] }] }], 'secret-key-1'],
  ])('that is %s is refused with 403, and $connect does not run', async (_, keys, value) => {
    const gateway = await gatewayWith(keys);
    const client = gateway.client('/chat', value === undefined ? {} : withKey(value));
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal?.body).toBe('{"message":"Forbidden"}');
    expect(gateway.functions.events).toEqual([]);
    expect(gateway.logged.join()).not.toContain('secret-key-1');
  });

  it('that AWS would generate is logged for clients without one', async () => {
    const gateway = await gatewayWith([{ ...key, value: 'made-up', isGenerated: true }]);
    await expect(gateway.connect('/chat', withKey('wrong'))).rejects.toThrow('403');
    expect(gateway.logged).toEqual([
      'A handshake with /chat is refused: the app has no such API key; the runtime generated made-up for Stack/Key.',
    ]);
  });

  it('is not needed if no route requires one', async () => {
    await (await gatewayWith([key], { more: {} })).connect();
  });

  it('can come from the authorizer', async () => {
    const gateway = await gatewayWith([key], {
      apiKeys: { source: 'authorizer', keys: [key] } satisfies ApiKeySettings,
      authorizer: {
        run: (event) => ({
          principalId: 'ada',
          policyDocument: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' }],
          },
          usageIdentifierKey: event.queryStringParameters?.key,
        }),
      },
    });
    await gateway.connect('/chat?key=secret-key-1');
    await expect(gateway.connect('/chat', withKey('secret-key-1'))).rejects.toThrow('403');
  });

  it('is throttled by its usage plan', async () => {
    const plans = [{ ...plan, throttle: { perSecond: 1, burst: 2 } }];
    const gateway = await gatewayWith([{ ...key, plans }]);
    const connect = () => gateway.connect('/chat', withKey('secret-key-1'));
    await connect();
    await connect();
    await expect(connect()).rejects.toThrow('429');
    gateway.clock.advance(1_000);
    await connect();
  });

  it.each<['DAY' | 'WEEK' | 'MONTH', number]>([
    ['DAY', 1],
    ['WEEK', 7],
    ['MONTH', 31],
  ])('has a new quota each %s', async (period, days) => {
    const plans = [{ ...plan, quota: { limit: 1, period, offsetDays: 0 } }];
    const gateway = await gatewayWith([{ ...key, plans }]);
    const client = () => gateway.client('/chat', withKey('secret-key-1'));
    await client().opened;
    const refused = client();
    await expect(refused.opened).rejects.toThrow('429');
    expect(refused.refusal).toMatchObject({
      headers: { 'x-amzn-errortype': 'LimitExceededException' },
      body: '{"message":"Limit Exceeded"}',
    });
    gateway.clock.advance(days * DAY_MILLIS);
    await client().opened;
  });

  it('that a message route requires is the key of the handshake', async () => {
    const gateway = await start({
      routes: { $default: { returnsResponse: true, run: () => ({ statusCode: 200, body: 'in' }) } },
      more: { $default: { apiKeyRequired: true } },
      apiKeys: { source: 'header', keys: [key] },
    });
    const client = await gateway.connect('/chat', withKey('secret-key-1'));
    client.send('x');
    expect(await client.next()).toMatch(/^{"message": "Forbidden", "connectionId":"/);
  });
});
