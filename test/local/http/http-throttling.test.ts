import type { HttpApi } from '../../../local/assembly/model';
import { AWS_ACCOUNT_QUOTAS } from '../../../local/gateway/quotas';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const slow = { perSecond: 1, burst: 1 };

const rest: HttpApi = {
  ...{ kind: 'REST', path: 'Main/Rest', apiId: 'restapi123', name: 'Rest', binaryMediaTypes: [] },
  stages: [
    {
      stageName: 'prod',
      variables: {},
      throttling: { stage: { ...slow, burst: 2 }, byRoute: { '/own/GET': slow } },
    },
    { stageName: 'dev', variables: {}, throttling: { byRoute: { '/own/*': slow } } },
  ],
  routes: ['/own', '/other'].map((resource) => ({
    ...{ path: resource, method: 'ANY', resource },
    integration: { ...LAMBDA, payloadFormat: '1.0' as const },
  })),
};
const http: HttpApi = {
  ...{ kind: 'HTTP', path: 'Main/Http', apiId: 'httpapi123', name: 'Http', binaryMediaTypes: [] },
  stages: [{ stageName: '$default', variables: {}, throttling: { byRoute: { 'GET /own': slow } } }],
  routes: ['/own', '/other'].map((resource) => ({
    ...{ path: resource, method: 'GET', resource, integration: LAMBDA },
  })),
};

describe('Throttling of plain requests', () => {
  it('refuses requests above the limit of a REST API’s method, with AWS’s message', async () => {
    const apis = await start([rest]);
    expect(await apis.call('/restapi123/prod/own')).toMatchObject({ status: 200 });
    expect(await apis.call('/restapi123/prod/own')).toEqual({
      ...{ status: 429, errorType: 'TooManyRequestsException', body: '{"message":"Too Many Requests"}' },
    });
    expect(apis.events).toHaveLength(1);
    apis.clock.advance(1_000);
    expect(await apis.call('/restapi123/prod/own')).toMatchObject({ status: 200 });
  });

  it('counts methods without their own settings together for the stage', async () => {
    const apis = await start([rest]);
    const statuses: number[] = [];
    for (const method of ['GET', 'POST', 'GET']) {
      statuses.push((await apis.call('/restapi123/prod/other', { method })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('counts all methods of a resource together if its setting is for all', async () => {
    const apis = await start([rest]);
    expect(await apis.call('/restapi123/dev/own', { method: 'POST' })).toMatchObject({ status: 200 });
    expect(await apis.call('/restapi123/dev/own')).toMatchObject({ status: 429 });
    expect(await apis.call('/restapi123/dev/other')).toMatchObject({ status: 200 });
  });

  it('refuses requests above the limit of an HTTP API’s route', async () => {
    const apis = await start([http]);
    expect(await apis.call('/httpapi123/own')).toMatchObject({ status: 200 });
    expect(await apis.call('/httpapi123/own')).toEqual({
      ...{ status: 429, errorType: null, body: '{"message":"Too Many Requests"}' },
    });
    expect(await apis.call('/httpapi123/other')).toMatchObject({ status: 200 });
    expect(apis.lines).toEqual([expect.stringContaining('the route GET /own: 1 a second, 1 at once')]);
  });

  it("refuses requests above the account's quota", async () => {
    const apis = await start([http], { quotas: { ...AWS_ACCOUNT_QUOTAS, requestsPerSecond: 1, burst: 1 } });
    expect(await apis.call('/httpapi123/other')).toMatchObject({ status: 200 });
    expect(await apis.call('/httpapi123/other')).toMatchObject({ status: 429 });
  });
});
