import type { HttpApi, JwtAuthorizer } from '../../../local/assembly/model';
import { Issuer } from '../../lib/identity/issuer';
import { ISSUER, KEYS_URL, NOW_SECONDS, rsaIssuer } from './issuer';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const login = rsaIssuer();
const keySets = { [KEYS_URL]: login.keySet() };
const PATH = '/httpapi123/rooms/7';

const authorizer: JwtAuthorizer = {
  ...{ type: 'JWT', path: 'Main/Jwt', issuer: ISSUER, audiences: ['chat', 'admin'] },
  identitySource: '$request.header.Authorization',
};

function api(changes: Partial<JwtAuthorizer> = {}, authorizationScopes?: string[]): HttpApi {
  const guarded = {
    authorizer: { ...authorizer, ...changes },
    ...(authorizationScopes && { authorizationScopes }),
  };
  const old = { ...LAMBDA, payloadFormat: '1.0' as const };
  return {
    ...{ kind: 'HTTP', path: 'Main/Http', apiId: 'httpapi123', name: 'Http', binaryMediaTypes: [] },
    stages: [{ stageName: '$default', variables: {} }],
    routes: [
      { path: 'r1', method: 'ANY', resource: '/rooms/{id}', integration: LAMBDA, ...guarded },
      { path: 'r2', method: 'GET', resource: '/old', integration: old, ...guarded },
      { path: 'r3', method: 'GET', resource: '/open', integration: LAMBDA },
    ],
  };
}

const withToken = (token: string): RequestInit => ({ headers: { Authorization: token } });

describe('A JWT authorizer of an HTTP API', () => {
  it.each(['', 'Bearer ', 'bearer '])(
    'accepts a token with the prefix %j, and passes on its claims',
    async (prefix) => {
      const apis = await start([api()], { keySets });
      const token = login.token({
        admin: true,
        'cognito:groups': ['a', 'b'],
        address: { zip: 1, city: 'X' },
        nick: null,
      });
      expect(await apis.call(PATH, withToken(`${prefix}${token}`))).toMatchObject({
        status: 200,
        body: 'ran',
      });
      expect(apis.events[0]?.requestContext).toMatchObject({
        authorizer: {
          jwt: {
            claims: {
              ...{
                iss: ISSUER,
                aud: 'chat',
                sub: 'ada',
                iat: `${NOW_SECONDS}`,
                exp: `${NOW_SECONDS + 3_600}`,
              },
              ...{ admin: 'true', 'cognito:groups': '[a b]', address: 'map[city:X zip:1]', nick: '<nil>' },
            },
            scopes: null,
          },
        },
      });
    },
  );

  it('passes on the claims in format 1.0', async () => {
    const apis = await start([api()], { keySets });
    await apis.call('/httpapi123/old', withToken(login.token()));
    expect(apis.events[0]?.requestContext).toMatchObject({
      authorizer: { claims: { sub: 'ada' }, scopes: null },
    });
  });

  it('takes a token from the query', async () => {
    const apis = await start([api({ identitySource: '$request.querystring.token' })], { keySets });
    expect(await apis.call(`${PATH}?token=${login.token()}`)).toMatchObject({ status: 200 });
    expect(await apis.call(`${PATH}?Token=${login.token()}`)).toMatchObject({ status: 401 });
  });

  it('accepts client_id only without aud', async () => {
    const apis = await start([api()], { keySets });
    const status = async (claims: Record<string, unknown>) =>
      (await apis.call(PATH, withToken(login.token(claims)))).status;
    expect(await status({ aud: undefined, client_id: 'admin' })).toBe(200);
    expect(await status({ aud: ['other', 'admin'] })).toBe(200);
    expect(await status({ aud: 'other', client_id: 'admin' })).toBe(401);
  });

  it('refuses a request without a token, even if IAM is off', async () => {
    const apis = await start([api()], { keySets, iam: false });
    const response = await apis.respond(PATH);
    expect([response.status, response.headers.get('www-authenticate'), await response.text()]).toEqual([
      ...[401, 'Bearer', '{"message":"Unauthorized"}'],
    ]);
    expect(await apis.call('/httpapi123/open')).toMatchObject({ status: 200 });
    expect(apis.events).toHaveLength(1);
  });

  const other = rsaIssuer();
  it.each<[string, string, string]>([
    ['is no JWT', 'secret-token-text', 'token contains an invalid number of segments'],
    ['is for another audience', login.token({ aud: 'other' }), 'the token does not have a valid audience'],
    ['is of another issuer', login.token({ iss: ISSUER.slice(0, -1) }), 'issuer does not match'],
    ['has expired', login.token({ exp: NOW_SECONDS }), 'the token has expired'],
    ['never expires', login.token({ exp: undefined }), 'the token has expired'],
    ['is not valid yet', login.token({ nbf: NOW_SECONDS + 1 }), 'the token is not valid yet'],
    ['is issued in the future', login.token({ iat: NOW_SECONDS + 1 }), 'the token is not valid yet'],
    ['another key has signed', other.token(), 'the token has an invalid signature'],
    ['names an unknown key', login.token({}, { kid: 'k2' }), 'unable to find the key of the token'],
    ['names no key', login.token({}, { kid: undefined }), 'unable to find the key of the token'],
    [
      'is not signed',
      `${login.token().split('.', 2).join('.')}.`,
      'token contains an invalid number of segments',
    ],
    ['has the algorithm none', login.token({}, { alg: 'none' }), 'signing method is invalid'],
    ['is not signed with RSA', new Issuer(ISSUER).token(), 'signing method is invalid'],
  ])('refuses a token that %s', async (_, token, description) => {
    const apis = await start([api()], { keySets });
    const response = await apis.respond(PATH, withToken(`Bearer ${token}`));
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer scope="" error="invalid_token" error_description="${description}"`,
    );
    expect([response.status, await response.text()]).toEqual([401, '{"message":"Unauthorized"}']);
    expect(apis.events).toEqual([]);
    expect(apis.lines).toEqual([expect.stringMatching(/^GET \/rooms\/7 of \$default is refused with 401: /)]);
    for (const part of token.split('.')) expect(apis.lines.join()).not.toContain(part || token);
  });

  it.each([
    [{ iss: 'https://other.example' }, `its issuer is not the one of the authorizer (${ISSUER})`],
    [{ aud: 'other' }, 'it is not for any audience of the authorizer (chat, admin)'],
  ])('logs what the token should contain: %j', async (claims, why) => {
    const apis = await start([api()], { keySets });
    await apis.call(PATH, withToken(login.token(claims)));
    expect(apis.lines).toEqual([
      `GET /rooms/7 of $default is refused with 401: its token cannot be accepted, because ${why}.`,
    ]);
  });

  it.each<[string, Record<string, unknown>, string[] | undefined]>([
    ['scope', { scope: 'rooms/read rooms/write' }, ['rooms/read', 'rooms/write']],
    ['scp', { scp: ['rooms/write'] }, ['rooms/write']],
    ['another scope', { scope: 'rooms/writer' }, undefined],
    ['no scope', {}, undefined],
  ])('requires one of the scopes of the route: %s', async (_, claims, scopes) => {
    const apis = await start([api({}, ['rooms/write', 'rooms/all'])], { keySets });
    const response = await apis.respond(PATH, withToken(login.token(claims)));
    if (scopes) {
      expect(response.status).toBe(200);
      expect(apis.events[0]?.requestContext).toMatchObject({ authorizer: { jwt: { scopes } } });
      return;
    }
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer scope="rooms/write rooms/all" error="insufficient_scope"',
    );
    expect([response.status, await response.text()]).toEqual([403, '{"message":"Forbidden"}']);
    expect(apis.events).toEqual([]);
  });

  it('names the scopes of the route in the challenge', async () => {
    const apis = await start([api({}, ['rooms/write'])], { keySets });
    const response = await apis.respond(PATH, withToken(login.token({ exp: 1 })));
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer scope="rooms/write" error="invalid_token" error_description="the token has expired"',
    );
  });
});
