import type { HttpApi, UserPoolAuthorizer } from '../../../local/assembly/model';
import { readStatements } from '../../../local/iam/policy-statement';
import { NOW_SECONDS, rsaIssuer } from './issuer';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const POOL = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool1';
const OTHER_POOL = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool2';
const pool = rsaIssuer();
const otherPool = rsaIssuer();
const keySets = {
  [`${POOL}/.well-known/jwks.json`]: pool.keySet(),
  [`${OTHER_POOL}/.well-known/jwks.json`]: otherPool.keySet(),
};
const idToken = (claims: Record<string, unknown> = {}) =>
  pool.token({ iss: POOL, token_use: 'id', ...claims });
const accessToken = (scope: string) =>
  pool.token({ iss: POOL, token_use: 'access', aud: undefined, client_id: 'chat', scope });

function api(changes: Partial<UserPoolAuthorizer> = {}, authorizationScopes?: string[]): HttpApi {
  const authorizer: UserPoolAuthorizer = {
    ...{ type: 'COGNITO_USER_POOLS', path: 'Main/Pool', issuers: [POOL, OTHER_POOL] },
    identitySource: 'method.request.header.Authorization',
    ...changes,
  };
  return {
    ...{ kind: 'REST', path: 'Main/Rest', apiId: 'restapi123', name: 'Rest', binaryMediaTypes: [] },
    stages: [{ stageName: 'prod', variables: {} }],
    routes: [
      {
        ...{ path: 'm1', method: 'GET', resource: '/rooms', authorizer },
        integration: { ...LAMBDA, payloadFormat: '1.0' },
        ...(authorizationScopes && { authorizationScopes }),
      },
    ],
  };
}

const PATH = '/restapi123/prod/rooms';
const withToken = (value: string): RequestInit => ({ headers: { Authorization: value } });
const UNAUTHORIZED = { status: 401, errorType: 'UnauthorizedException', body: '{"message":"Unauthorized"}' };

describe('A Cognito authorizer of a REST API', () => {
  it.each(['', 'Bearer '])(
    'accepts an identity token with the prefix %j, and passes on its claims',
    async (prefix) => {
      const apis = await start([api()], { keySets });
      const claims = {
        ...{ 'cognito:groups': ['admins', 'editors'], email_verified: true, auth_time: NOW_SECONDS },
        identities: [{ userId: '1', primary: 'true' }],
      };
      expect(await apis.call(PATH, withToken(`${prefix}${idToken(claims)}`))).toMatchObject({ status: 200 });
      expect(apis.events[0]?.requestContext).toMatchObject({
        authorizer: {
          claims: {
            ...{ sub: 'ada', aud: 'chat', token_use: 'id', email_verified: 'true', iss: POOL },
            ...{ 'cognito:groups': 'admins,editors', identities: '{"userId":"1","primary":"true"}' },
            ...{ iat: 'Sat Jan 31 12:00:00 UTC 2026', exp: 'Sat Jan 31 13:00:00 UTC 2026' },
            auth_time: String(NOW_SECONDS),
          },
        },
      });
    },
  );

  it('accepts tokens of each of its user pools', async () => {
    const apis = await start([api()], { keySets });
    const token = otherPool.token({ iss: OTHER_POOL, token_use: 'id' });
    expect(await apis.call(PATH, withToken(token))).toMatchObject({ status: 200 });
  });

  it.each<[string, string | undefined]>([
    ['is missing', undefined],
    ['is no JWT', 'secret-token-text'],
    ['is of another issuer', pool.token({ iss: 'https://login.example', token_use: 'id' })],
    ['another user pool has signed', otherPool.token({ iss: POOL, token_use: 'id' })],
    ['is an access token', accessToken('openid')],
  ])('refuses a token that %s', async (_, token) => {
    const apis = await start([api()], { keySets });
    expect(await apis.call(PATH, token === undefined ? {} : withToken(token))).toEqual(UNAUTHORIZED);
    expect(apis.events).toEqual([]);
    expect(apis.lines).toEqual([expect.stringMatching(/^GET \/rooms of prod is refused with 401: /)]);
    if (token) expect(apis.lines.join()).not.toContain(token.slice(-20));
  });

  it('says that a token has expired', async () => {
    const apis = await start([api()], { keySets });
    expect(await apis.call(PATH, withToken(idToken({ exp: NOW_SECONDS - 1 })))).toEqual({
      ...{ ...UNAUTHORIZED, body: '{"message":"The incoming token has expired"}' },
    });
  });

  it('requires an access token with one of the scopes of the method', async () => {
    const apis = await start([api({}, ['chat/read', 'chat/all'])], { keySets });
    expect(await apis.call(PATH, withToken(accessToken('openid chat/read')))).toMatchObject({ status: 200 });
    expect(await apis.call(PATH, withToken(accessToken('openid chat/reader')))).toEqual(UNAUTHORIZED);
    expect(await apis.call(PATH, withToken(idToken({ scope: 'chat/read' })))).toEqual(UNAUTHORIZED);
  });

  it('is checked before the policy of the API, which must also allow the request', async () => {
    const apis = await start([api()], { keySets });
    const statement = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*', Principal: '*' };
    const from = (range: string) => {
      const Condition = { IpAddress: { 'aws:SourceIp': range } };
      const statements = readStatements({ Statement: [{ ...statement, Condition }] });
      apis.allow([], [{ resourceArn: 'arn:aws:execute-api:us-east-1:000000000000:restapi123', statements }]);
    };
    from('192.0.2.0/24');
    expect(await apis.call(PATH)).toEqual(UNAUTHORIZED);
    expect(await apis.call(PATH, withToken(idToken()))).toMatchObject({
      ...{ status: 403, errorType: 'AccessDeniedException' },
    });
    from('127.0.0.1');
    expect(await apis.call(PATH, withToken(idToken()))).toMatchObject({ status: 200 });
  });

  it('compares aud with its validation expression', async () => {
    const apis = await start([api({ validation: 'chat|web' })], { keySets });
    expect(await apis.call(PATH, withToken(idToken()))).toMatchObject({ status: 200 });
    expect(await apis.call(PATH, withToken(idToken({ aud: 'chat2' })))).toEqual(UNAUTHORIZED);
  });

  it('refuses every token if the keys cannot be fetched, and names the remedy', async () => {
    const apis = await start([api()]);
    expect(await apis.call(PATH, withToken(idToken()))).toEqual(UNAUTHORIZED);
    expect(apis.lines[0]).toContain(`start with --jwks ${POOL}/.well-known/jwks.json=FILE.`);
  });
});
