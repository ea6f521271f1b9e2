import type { ApiKey, HttpApi, UsagePlan } from '../../../local/assembly/model';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const plan: UsagePlan = { path: 'Main/Plan', id: 'p1', stageNames: ['prod'] };
const key: ApiKey = { path: 'Main/Key', id: 'k1', value: 'secret-key-1', isEnabled: true, plans: [plan] };

function restApi(keys: ApiKey[]): HttpApi {
  const integration = { ...LAMBDA, payloadFormat: '1.0' as const };
  return {
    ...{ kind: 'REST', path: 'Main/Rest', apiId: 'restapi123', name: 'Rest', binaryMediaTypes: [] },
    stages: [
      { stageName: 'prod', variables: {} },
      { stageName: 'dev', variables: {} },
    ],
    routes: [
      { path: 'm1', method: 'GET', resource: '/keyed/{id}', integration, apiKeyRequired: true },
      { path: 'm2', method: 'POST', resource: '/keyed/{id}', integration, apiKeyRequired: true },
      { path: 'm3', method: 'GET', resource: '/open', integration },
    ],
    apiKeys: { source: 'header', keys },
  };
}

const PATH = '/restapi123/prod/keyed/7';
const withKey = (value: string, method = 'GET'): RequestInit => ({ method, headers: { 'X-Api-Key': value } });

describe("The API key of a REST API's method", () => {
  it('lets the function run, and is in its event', async () => {
    const apis = await start([restApi([key])]);
    expect(await apis.call(PATH, withKey('secret-key-1'))).toMatchObject({ status: 200 });
    expect(apis.events[0]?.requestContext).toMatchObject({
      identity: { apiKey: 'secret-key-1', apiKeyId: 'k1', sourceIp: '127.0.0.1' },
    });
  });

  it.each<[string, ApiKey[], string | undefined]>([
    ['missing', [key], undefined],
    ['unknown', [key], 'secret-key-2'],
    ['disabled', [{ ...key, isEnabled: false }], 'secret-key-1'],
    ['without a plan', [{ ...key, plans: [] }], 'secret-key-1'],
    ['for another stage', [{ ...key, plans: [{ ...plan, stageNames: ['dev'] }] }], 'secret-key-1'],
  ])('that is %s is refused with 403', async (_, keys, value) => {
    const apis = await start([restApi(keys)]);
    const reply = await apis.call(PATH, value === undefined ? {} : withKey(value));
    expect(reply).toEqual({
      ...{ status: 403, errorType: 'ForbiddenException', body: '{"message":"Forbidden"}' },
    });
    expect(apis.events).toEqual([]);
    expect(apis.lines).toEqual([expect.stringMatching(/^GET \/keyed\/7 of prod is refused: /)]);
    expect(apis.lines.join()).not.toContain('secret-key-1');
  });

  it('is required even if IAM is off', async () => {
    const apis = await start([restApi([key])], { iam: false });
    expect(await apis.call(PATH)).toMatchObject({ status: 403 });
  });

  it('is not required by other methods, whose events do not contain it', async () => {
    const apis = await start([restApi([key])]);
    expect(await apis.call('/restapi123/prod/open', withKey('secret-key-1'))).toMatchObject({ status: 200 });
    expect(JSON.stringify(apis.events[0]?.requestContext)).not.toContain('apiKey');
  });

  it('is throttled by its usage plan', async () => {
    const throttled = { ...plan, throttle: { perSecond: 1, burst: 1 } };
    const apis = await start([restApi([{ ...key, plans: [throttled] }])]);
    const call = () => apis.call(PATH, withKey('secret-key-1'));
    expect(await call()).toMatchObject({ status: 200 });
    expect(await call()).toEqual({
      status: 429,
      errorType: 'TooManyRequestsException',
      body: '{"message":"Too Many Requests"}',
    });
    apis.clock.advance(1_000);
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('is throttled for one method if its usage plan says so', async () => {
    const byMethod = { prod: { '/keyed/{id}/GET': { perSecond: 1, burst: 1 } } };
    const apis = await start([restApi([{ ...key, plans: [{ ...plan, byMethod }] }])]);
    const call = async (method: string) => (await apis.call(PATH, withKey('secret-key-1', method))).status;
    expect([await call('GET'), await call('GET'), await call('POST'), await call('POST')]).toEqual([
      200, 429, 200, 200,
    ]);
  });

  it.each<[string, Partial<UsagePlan>]>([
    ['the plan', { throttle: { perSecond: 1, burst: 1 } }],
    ['the method', { byMethod: { prod: { '/keyed/{id}/GET': { perSecond: 1, burst: 1 } } } }],
  ])('follows a throttling of %s that a deployment adds, changes or removes', async (_, throttled) => {
    const deployed: ApiKey = { ...key, plans: [plan] };
    const apis = await start([restApi([deployed])]);
    const deploy = (change: Partial<UsagePlan>) => {
      deployed.plans = [{ ...plan, ...change }];
    };
    const twice = async () => [
      (await apis.call(PATH, withKey('secret-key-1'))).status,
      (await apis.call(PATH, withKey('secret-key-1'))).status,
    ];
    expect(await twice()).toEqual([200, 200]);
    deploy(throttled);
    expect(await twice()).toEqual([200, 429]);
    deploy(JSON.parse(JSON.stringify(throttled).replace('"burst":1', '"burst":3')));
    expect(await twice()).toEqual([200, 200]);
    deploy({});
    expect(await twice()).toEqual([200, 200]);
  });

  it('has the quota of its plan', async () => {
    const quota = { limit: 1, period: 'DAY' as const, offsetDays: 0 };
    const apis = await start([restApi([{ ...key, plans: [{ ...plan, quota }] }])]);
    const call = () => apis.call(PATH, withKey('secret-key-1'));
    expect(await call()).toMatchObject({ status: 200 });
    expect(await call()).toEqual({
      ...{ status: 429, errorType: 'LimitExceededException', body: '{"message":"Limit Exceeded"}' },
    });
  });
});
