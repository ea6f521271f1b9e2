import type { GatewayResponse, HttpApi } from '../../../local/assembly/model';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const integration = { ...LAMBDA, payloadFormat: '1.0' as const };

function restApi(gatewayResponses: Record<string, Partial<GatewayResponse>>): HttpApi {
  const full = Object.entries(gatewayResponses).map(
    ([type, response]) => [type, { headers: {}, templates: {}, ...response }] as const,
  );
  return {
    ...{ kind: 'REST', path: 'Main/Rest', apiId: 'restapi123', name: 'Rest', binaryMediaTypes: [] },
    stages: [{ stageName: 'prod', variables: { help: 'call us' } }],
    routes: [
      {
        ...{ path: 'm1', method: 'GET', resource: '/rooms', integration },
        authorizer: {
          ...{ type: 'TOKEN', path: 'Main/Guard', functionName: 'guard', cacheSeconds: 0 },
          identitySources: ['method.request.header.Authorization'],
        },
      },
      { path: 'm2', method: 'GET', resource: '/open', integration },
    ],
    gatewayResponses: Object.fromEntries(full),
  };
}

const CORS = { headers: { 'Access-Control-Allow-Origin': "'*'" } };
const crash = () => {
  throw new Error('crash');
};

describe('A gateway response of a REST API', () => {
  it('adds its headers to the errors of its type', async () => {
    const apis = await start([restApi({ UNAUTHORIZED: CORS })]);
    const refused = await apis.respond('/restapi123/prod/rooms');
    expect([
      refused.status,
      refused.headers.get('access-control-allow-origin'),
      await refused.text(),
    ]).toEqual([...[401, '*', '{"message":"Unauthorized"}']]);
    expect(refused.headers.get('x-amzn-errortype')).toBe('UnauthorizedException');
    const missing = await apis.respond('/restapi123/prod/nothing');
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it.each<[string, string, number, string]>([
    ['4XX', '/restapi123/prod/nothing', 403, 'DEFAULT_4XX'],
    ['5XX', '/restapi123/prod/rooms', 500, 'DEFAULT_5XX'],
  ])(
    'of the type DEFAULT_%s applies to all errors without their own gateway response',
    async (_, path, status, type) => {
      const apis = await start([restApi({ [type]: CORS })], { guard: crash });
      const response = await apis.respond(path, { headers: { Authorization: 'secret' } });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([status, '*']);
    },
  );

  it('changes the status, also for other types if it is the default', async () => {
    const apis = await start([
      restApi({ DEFAULT_4XX: { statusCode: 400 }, UNAUTHORIZED: { statusCode: 418 } }),
    ]);
    expect((await apis.respond('/restapi123/prod/rooms')).status).toBe(418);
    expect((await apis.respond('/restapi123/prod/nothing')).status).toBe(400);
    const other = await start([restApi({ DEFAULT_4XX: { statusCode: 400 }, UNAUTHORIZED: CORS })]);
    expect((await other.respond('/restapi123/prod/rooms')).status).toBe(400);
  });

  it('takes headers from the request, and fills in its template', async () => {
    const template =
      '{"error":$context.error.messageString,"text":"$context.error.message","type":"$context.error.responseType","stage":"$context.stage","help":"$stageVariables.help","none":"$context.authorizer.claims"}';
    const headers = {
      'Access-Control-Allow-Origin': 'method.request.header.Origin',
      'X-None': 'context.none',
    };
    const apis = await start([
      restApi({ UNAUTHORIZED: { headers, templates: { 'application/json': template } } }),
    ]);
    const response = await apis.respond('/restapi123/prod/rooms', {
      headers: { origin: 'https://page.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect(response.headers.has('x-none')).toBe(false);
    expect(await response.json()).toEqual({
      ...{
        error: 'Unauthorized',
        text: 'Unauthorized',
        type: 'UNAUTHORIZED',
        stage: 'prod',
        help: 'call us',
      },
      none: '',
    });
  });

  it('leaves out a value that HTTP does not allow in a header', async () => {
    const headers = { 'X-Text': 'method.request.querystring.text', 'X-Good': "'good'" };
    const apis = await start([restApi({ DEFAULT_4XX: { headers }, DEFAULT_5XX: { headers } })]);
    const response = await apis.respond('/restapi123/prod/rooms?text=a%0Ab');
    expect([response.status, response.headers.get('x-good'), response.headers.get('x-text')]).toEqual([
      ...[401, 'good', null],
    ]);
  });

  it('does not change the responses of functions', async () => {
    const apis = await start([restApi({ DEFAULT_4XX: CORS, DEFAULT_5XX: CORS })]);
    const response = await apis.respond('/restapi123/prod/open');
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });
});
